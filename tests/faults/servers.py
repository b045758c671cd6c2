"""Two web servers, each a process, over one database and one session engine; and their clients."""

from __future__ import annotations

import itertools
import os
import re
import subprocess
import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import httpx
from django.conf import settings
from django.test import override_settings

from tests.faults.brokers import Wire
from tests.faults.conftest import ROOT, database_url, eventually
from tests.machine import free_port

THREADS_OF_EACH_CLIENT = 4
NO_ANSWER = 0


def answers(url: str) -> bool:
    """Whether a server listens there."""
    try:
        return httpx.get(f"{url}/healthz", timeout=5).status_code == 200
    except httpx.TransportError:
        return False


class Servers:
    """The processes; ``wire`` leads to their Redis, where they use one."""

    def __init__(self, folder: Path, engine: str, wire: Wire | None) -> None:
        self.engine = engine
        self.wire = wire
        self.urls = [f"http://localhost:{free_port()}" for _ in range(2)]
        self._log = (folder / "servers.log").open("ab")
        self.key_prefix = f"test-{os.urandom(8).hex()}"
        self._environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "tests.faults.session_settings",
            "VAR_DIR": str(folder),
            "DATABASE_URL": database_url(),
            "ISSUER_URL": self.urls[0],
            "REDIS_URL": wire.url if wire else "",
            "SESSIONS": engine,
            "KEY_PREFIX": self.key_prefix,
        }
        self._processes = [self._start(url) for url in self.urls]
        try:
            eventually(self._both_answer, "both servers answer")
        except AssertionError:
            self.stop()
            raise

    def _both_answer(self) -> bool:
        ended = [process for process in self._processes if process.poll() is not None]
        assert not ended, Path(self._log.name).read_text()
        return all(map(answers, self.urls))

    def _start(self, url: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "idp_site.serve", "--interface", "wsgi", "--workers", "1"]
        command += ["--blocking-threads", "8", "--log-level", "warning"]
        command += ["--port", url.rpartition(":")[2], "idp_site.wsgi:application"]
        return subprocess.Popen(
            command, cwd=ROOT, env=self._environment, stdout=self._log, stderr=self._log
        )

    def restart(self, number: int) -> None:
        """End one as an operator would, and start it anew; returns when it answers."""
        self._processes[number].terminate()
        self._processes[number].wait(timeout=60)
        self._processes[number] = self._start(self.urls[number])
        eventually(lambda: answers(self.urls[number]), "the server answers again")

    def engine_settings(self) -> override_settings:
        """The same session engine, for this process."""
        chosen: dict[str, Any] = {"SESSION_ENGINE": self.engine}
        if self.wire:
            cache = {"BACKEND": "idp_site.cache.RedisCache", "LOCATION": self.wire.direct}
            chosen["CACHES"] = {"default": {**cache, "KEY_PREFIX": self.key_prefix}}
        return override_settings(**chosen)

    def stop(self) -> None:
        """End the processes, and leave nothing in Redis."""
        for process in self._processes:
            process.terminate()
        for process in self._processes:
            process.wait(timeout=30)
        self._log.close()
        if self.wire:
            self.wire.clean_up(self.key_prefix)


class Browser:
    """One person's browser, which talks to one of the servers or the other."""

    def __init__(self) -> None:
        self.http = httpx.Client(timeout=60)

    def post(self, server: str, path: str, page: str = "", **fields: str) -> httpx.Response:
        """Send the form at ``path``, with the token of the ``page`` that it is on."""
        text = self.http.get(f"{server}{page or path}").text
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', text)
        assert token, text
        return self.http.post(f"{server}{path}", data={"csrfmiddlewaretoken": token[1], **fields})

    def sign_in(self, server: str, email: str, password: str) -> Browser:
        """By the form."""
        answer = self.post(server, "/signin/", identifier=email, password=password)
        assert answer.status_code == 302, answer.text
        return self

    @property
    def session(self) -> Any:
        """What the engine of Django's settings has for the cookie."""
        return import_module(settings.SESSION_ENGINE).SessionStore(self.session_key)

    @property
    def session_key(self) -> str:
        """What the cookie holds."""
        return str(self.http.cookies["ostiary_session"])


@dataclass(frozen=True)
class Request:
    """One that the hammering client made: whose session, where, when it began, what came of it."""

    whose: str
    server: str
    began: float
    status: int


class Hammer:
    """Clients that ask each server, over and over, for a page of each person by their cookie."""

    def __init__(self, servers: Servers, keys: dict[str, str]) -> None:
        self.keys = keys
        self.servers = servers
        self.made: list[Request] = []
        self._stopped = threading.Event()
        self._threads = [
            threading.Thread(target=self._ask, args=(url,), daemon=True)
            for url in servers.urls
            for _ in range(THREADS_OF_EACH_CLIENT)
        ]
        for thread in self._threads:
            thread.start()

    def _ask(self, server: str) -> None:
        with httpx.Client(timeout=60) as client:
            for whose in itertools.cycle(self.keys):
                if self._stopped.is_set():
                    return
                began = time.monotonic()
                status = self._status(client, server, self.keys[whose])
                self.made.append(Request(whose, server, began, status))

    def _status(self, client: httpx.Client, server: str, key: str) -> int:
        """What the server answers; as a proxy does, ask the other if it answers nothing."""
        # A connection of its own for each request, as proxies have by default.
        headers = {"Cookie": f"ostiary_session={key}", "Connection": "close"}
        for url in sorted(self.servers.urls, key=lambda url: url != server):
            try:
                return client.get(f"{url}/account/", headers=headers).status_code
            except httpx.TransportError:
                continue
        return NO_ANSWER

    def wait_for_more(self, times: int) -> None:
        """Until each server was asked so often for each person, in requests that begin now."""
        now = time.monotonic()
        wanted = len(self.keys) * len(self.servers.urls)

        def asked() -> bool:
            counts = Counter((r.whose, r.server) for r in list(self.made) if r.began > now)
            return len(counts) == wanted and min(counts.values()) >= times

        eventually(asked, "each server is asked for each person")

    def stop(self) -> list[Request]:
        """No more; what was made."""
        self._stopped.set()
        for thread in self._threads:
            thread.join()
        return self.made
