"""Two regions on one machine: for each a web server, a worker, a database and a queue of its own,
and between them two links that fail as a test wants."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import httpx
import psycopg
from django.db import connection
from psycopg import sql

from tests.faults.brokers import Wire
from tests.faults.conftest import ROOT, database_url, eventually
from tests.faults.servers import answers
from tests.machine import free_port

KEYS = {
    "eu": os.environ["FIELD_ENCRYPTION_KEYS"],
    "us": "tQm0Y1Nf0xkJ8vYk9R3mU2cZ6aPq4wLh5sXe7dBgKrE=",
}


class Link:
    """The only way to a region, for every other one."""

    mode: Literal["up", "cut", "slow", "deaf"] = "cut"
    """``cut``: who comes is hung up on. ``slow``: what is said comes in drops. ``deaf``: what is
    asked gets through, and the answer doesn't come back."""

    def __init__(self, port: int) -> None:
        self.server = socket.create_server(("127.0.0.1", 0), backlog=50)
        self.url = f"http://127.0.0.1:{self.server.getsockname()[1]}"
        self.port = port
        self.came = 0
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self.server.accept()
                self.came += 1
                threading.Thread(target=self._connect, args=(near,), daemon=True).start()

    def _connect(self, near: socket.socket) -> None:
        with contextlib.suppress(OSError), near:
            if self.mode == "cut":
                return
            with socket.create_connection(("127.0.0.1", self.port)) as far:
                back = threading.Thread(target=self._carry, args=(far, near, True), daemon=True)
                back.start()
                self._carry(near, far, False)
                back.join(timeout=30)

    def _carry(self, one: socket.socket, other: socket.socket, is_answer: bool) -> None:
        with contextlib.suppress(OSError):
            while data := one.recv(200 if self.mode == "slow" else 65536):
                if self.mode == "slow":
                    time.sleep(0.05)
                if self.mode == "cut" or (is_answer and self.mode == "deaf"):
                    break
                other.sendall(data)
        for end in (one, other) if is_answer else ():
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


class Site:
    """One region."""

    def __init__(self, name: str, folder: Path, database: str, broker: str) -> None:
        self.name, self.folder = name, folder
        folder.mkdir()
        self.port = free_port()
        self.url = f"http://localhost:{self.port}"
        self.link = Link(self.port)
        self.queue = f"test-{os.urandom(8).hex()}"
        self.log = (folder / "log").open("ab")
        self.server: subprocess.Popen[bytes] | None = None
        self.worker: subprocess.Popen[bytes] | None = None
        self.environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "tests.faults.settings",
            "VAR_DIR": str(folder),
            "MAILROOM": str(folder),
            "QUEUE": self.queue,
            "DATABASE_URL": database,
            "CELERY_BROKER_URL": broker,
            "REDIS_URL": "",
            "FIELD_ENCRYPTION_KEYS": KEYS[name],
            "ISSUER_URL": self.url,
            "FIRST_RETRY_SECONDS": "0.3",
            "REGION": name,
        }

    def _start(self, *command: str, **options: Any) -> subprocess.Popen[Any]:
        told: dict[str, Any] = {"stdout": self.log, "stderr": self.log, **options}
        given = [sys.executable, *command]
        return subprocess.Popen(
            given, cwd=ROOT, env=self.environment, start_new_session=True, **told
        )

    def start_server(self) -> None:
        """Its web server; returns when it answers."""
        command = ["-m", "idp_site.serve", "--interface", "wsgi", "--workers", "1", "--log-level"]
        command += ["warning", "--port", str(self.port), "idp_site.wsgi:application"]
        self.server = self._start(*command)
        eventually(lambda: answers(self.url), f"{self.name} answers")

    def start_worker(self) -> None:
        """Its worker, with its scheduler."""
        command = ["-m", "celery", "--quiet", "-A", "tests.faults.worker", "worker", "-B"]
        command += ["-s", str(self.folder / "schedule"), "--concurrency", "1"]
        command += ["--loglevel", "WARNING", "-n", f"{self.queue}@%h"]
        self.worker = self._start(*command)

    def kill_worker(self) -> None:
        """``kill -9``, all of its processes."""
        if self.worker:
            os.killpg(self.worker.pid, signal.SIGKILL)
            self.worker.wait()
            self.worker = None

    def command(self, *arguments: str) -> subprocess.Popen[str]:
        """A management command, which runs while the test goes on."""
        return self._start("manage.py", *arguments, stdout=subprocess.PIPE, text=True)

    def mails(self, subject: str) -> list[str]:
        """To whom a mail with this in its subject was sent."""
        headers = {"Accept": "application/json"}
        sent = httpx.get(f"{self.url}/dev/mailbox/", headers=headers).json()
        return sorted(each["to"] for each in sent if subject in each["subject"])

    def stop(self) -> None:
        """End its processes."""
        self.kill_worker()
        if self.server:
            os.killpg(self.server.pid, signal.SIGKILL)
            self.server.wait()
        self.link.server.close()
        self.log.close()


class TwoRegions:
    """``eu`` has the database of the test run, ``us`` a copy of it that is as empty."""

    def __init__(self, folder: Path, redis_url: str) -> None:
        self.broker = Wire(redis_url)
        ours = database_url()
        self.database = f"{urlsplit(ours).path[1:]}_us"
        self._copy_database()
        theirs = ours.rpartition("/")[0] + f"/{self.database}"
        self.eu = Site("eu", folder / "eu", ours, redis_url)
        self.us = Site("us", folder / "us", theirs, redis_url)
        for site in (self.eu, self.us):
            regions = f"eu={self.eu.link.url},us={self.us.link.url}"
            site.environment["REGIONS"] = regions
        self.connection = psycopg.connect(**self._where(self.database), autocommit=True)

    @staticmethod
    def _where(name: str) -> dict[str, Any]:
        settings = connection.settings_dict
        given = {"host": "HOST", "port": "PORT", "user": "USER", "password": "PASSWORD"}
        return {"dbname": name, **{to: settings[each] or None for to, each in given.items()}}

    def _copy_database(self) -> None:
        own = connection.settings_dict["NAME"]
        connection.close()  # a database that somebody uses is not copied
        # Nor one that a process or a thread of an earlier test has not left yet.
        with psycopg.connect(**self._where("postgres"), autocommit=True) as admin:
            admin.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [own]
            )
        self._of_databases("DROP DATABASE IF EXISTS {us} WITH (FORCE)")
        self._of_databases("CREATE DATABASE {us} TEMPLATE {eu}", eu=own)

    def _of_databases(self, statement: str, **names: str) -> None:
        with psycopg.connect(**self._where("postgres"), autocommit=True) as admin:
            names = {"us": self.database, **names}
            quoted = {key: sql.Identifier(name) for key, name in names.items()}
            admin.execute(sql.SQL(statement).format(**quoted))  # type: ignore[arg-type]

    def in_us(self, statement: str, *values: Any) -> list[Any]:
        """Rows of its database."""
        cursor = self.connection.execute(statement, values)  # type: ignore[arg-type]
        return cursor.fetchall() if cursor.description else []

    def databases(self) -> dict[str, str]:
        """Everything that each database holds, as text; binary columns in hex."""
        with connection.cursor() as cursor:

            def ours(statement: str) -> list[Any]:
                cursor.execute(statement)
                return list(cursor.fetchall())

            return {"eu": _all_rows(ours), "us": _all_rows(self.in_us)}

    def stop(self) -> None:
        """Leave nothing behind."""
        self.eu.stop()
        self.us.stop()
        self.connection.close()
        self.broker.clean_up(self.eu.queue)
        self.broker.clean_up(self.us.queue)
        self._of_databases("DROP DATABASE IF EXISTS {us} WITH (FORCE)")


def _all_rows(ask: Any) -> str:
    names = ask("SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = 'public'")
    rows = (row for (name,) in names for row in ask(f"SELECT t::text FROM {name} t"))  # noqa: S608
    return "\n".join(f"{row[0]}" for row in rows).casefold()


def receipt_of(told: str) -> str:
    """What ``erase_user --json`` printed."""
    return str(json.loads(told.strip().splitlines()[-1])["receipt"])
