"""A web server's part, a real worker and a real broker, over the database of the test run."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from idp_site.queues import queue_name
from ostiary.models import OutboxMessage
from tests.faults.brokers import Broker, Folder, Wire

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_SECONDS = 300  # of a machine with six passes on two cores


def eventually(condition: Callable[[], Any], what: str) -> None:
    """Wait until it is so."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"not within {PATIENCE_SECONDS} s: {what}"
        time.sleep(0.05)


def database_url() -> str:
    """The test run's own database, for other processes."""
    settings = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{settings['NAME']}"
    user = f"{settings['USER']}:{settings['PASSWORD']}"
    return f"postgres://{user}@{settings['HOST']}:{settings['PORT']}/{settings['NAME']}"


@pytest.fixture(autouse=True)
def quick_hashes() -> None:
    """None: a site that runs beside would hash a password anew that was hashed for less."""


@pytest.fixture(params=["filesystem"] if connection.vendor == "sqlite" else ["redis", "rabbitmq"])
def broker(request: pytest.FixtureRequest) -> Broker:
    """The local broker goes with SQLite, as in `make run`; the others with PostgreSQL."""
    if request.param == "filesystem":
        return Folder()
    return Wire(request.getfixturevalue(f"{request.param}_url"))


class Mailroom:
    """The site with its mailroom: its processes, and what they have posted."""

    app = "tests.faults.worker"

    def __init__(self, folder: Path, broker: Broker) -> None:
        self.folder = folder
        self.broker = broker
        self.queue = f"test-{uuid.uuid4().hex}"
        self.environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "tests.faults.settings",
            "VAR_DIR": str(folder),
            "DATABASE_URL": database_url(),
            "CELERY_BROKER_URL": broker.url,
            "MAILROOM": str(folder),
            "QUEUE": self.queue,
            "REDIS_URL": "",
        }
        self.said = ""  # by the last process that committed, to its log
        self.workers: list[subprocess.Popen[bytes]] = []
        self.log = (folder / "worker.log").open("ab")

    def commit(self, *arguments: str) -> float:
        """Have a process commit letters to the outbox; returns the seconds that took."""
        done = subprocess.run(
            [sys.executable, "-m", "tests.faults.commit", *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
        )
        self.said = done.stderr
        killed = "--killed" in arguments
        assert done.returncode == (-signal.SIGKILL if killed else 0), done.stderr
        return 0.0 if killed else float(done.stdout)

    def start_worker(self, *queues: str, scheduler: bool = True, processes: int = 1) -> None:
        """A Celery worker, for these queues or for all, with its scheduler."""
        command = [sys.executable, "-m", "celery", "--quiet", "-A", self.app]
        command += ["worker", "--concurrency", str(processes), "--loglevel", "WARNING"]
        command += ["-n", f"{self.queue}-{len(self.workers)}@%h"]
        if scheduler:
            command += ["-B", "-s", str(self.folder / "schedule")]
        if queues:
            command += ["-Q", ",".join(queue_name(each, self.queue) for each in queues)]
        started = subprocess.Popen(
            command,
            cwd=ROOT,
            env=self.environment,
            stdout=self.log,
            stderr=self.log,
            start_new_session=True,
        )
        self.workers.append(started)

    def kill_worker(self) -> None:
        """``kill -9``, all processes of each."""
        while self.workers:
            worker = self.workers.pop()
            os.killpg(worker.pid, signal.SIGKILL)
            worker.wait()

    def stop(self, where: str) -> None:
        """Have the worker stop ``before`` or ``after`` it posts the next letter."""
        (self.folder / f"stop-{where}").touch()

    def wait_until_it_is(self, where: str) -> None:
        """Wait until the worker has stopped there."""
        eventually((self.folder / f"at-{where}").exists, f"the worker stops {where} posting")

    def go_on(self, where: str) -> None:
        """Let it pass."""
        (self.folder / f"stop-{where}").unlink()

    def posted(self) -> list[tuple[str, str]]:
        """Each letter that was posted, with the key it was posted by."""
        file = self.folder / "posted"
        lines = file.read_text().splitlines() if file.exists() else []
        return [tuple(line.split(" ")) for line in lines]  # type: ignore[misc]

    def letters(self) -> list[str]:
        """The letters that were posted, in order of their names."""
        return sorted(letter for letter, _ in self.posted())

    def wait_until_all_is_delivered(self) -> None:
        """Wait until nothing is left to do."""
        pending = OutboxMessage.objects.filter(state=OutboxMessage.State.PENDING)
        eventually(lambda: not pending.exists(), "all is delivered")


@pytest.fixture
def mailroom(transactional_db: None, tmp_path: Path, broker: Broker) -> Iterator[Mailroom]:
    """The site with its mailroom; no worker runs yet."""
    room = Mailroom(tmp_path, broker)
    yield room
    room.kill_worker()
    room.log.close()
    broker.clean_up(room.queue)
