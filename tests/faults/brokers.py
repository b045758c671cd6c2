"""Brokers that a test can take away and give back."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit, urlunsplit

import pytest
import redis
from kombu import Connection

from idp_site.queues import celery_queues
from tests.machine import answers, free_port, program


class Broker(Protocol):
    """What a test does with one."""

    url: str

    def go_down(self) -> None:
        """From now on nobody is answered."""

    def come_back(self) -> None:
        """As before."""

    def clean_up(self, queue: str) -> None:
        """Leave nothing behind."""


class Folder:
    """The local broker of ``make run``: a folder, which the site makes for itself."""

    url = "filesystem://localhost"

    def go_down(self) -> None:
        """It can't."""
        pytest.skip("a folder is not down while the disk is there")

    def come_back(self) -> None:
        """It never was away."""

    def clean_up(self, queue: str) -> None:
        """It goes with the test's own folder."""


class Wire:
    """A broker behind a wire that can be cut: connections are then taken, and never answered."""

    def __init__(self, url: str) -> None:
        self.direct = url
        parts = urlsplit(url)
        self.target = (parts.hostname or "", parts.port or 0)
        self.server = socket.create_server(("127.0.0.1", 0), backlog=50)
        user = f"{parts.username}:{parts.password}@" if parts.username else ""
        here = f"{user}127.0.0.1:{self.server.getsockname()[1]}"
        self.url = urlunsplit(parts._replace(netloc=here))
        self.is_up = True
        self.cuts_at = b""
        self.ends: list[socket.socket] = []
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self.server.accept()
                self.ends.append(near)
                if self.is_up:
                    far = socket.create_connection(self.target)
                    self.ends.append(far)
                    for one, other in ((near, far), (far, near)):
                        threading.Thread(target=self._carry, args=(one, other), daemon=True).start()

    def _carry(self, one: socket.socket, other: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := one.recv(65536):
                if self.cuts_at and self.cuts_at in data:
                    self.go_down()
                    break
                other.sendall(data)
        self._cut(one, other)

    @staticmethod
    def _cut(*ends: socket.socket) -> None:
        for end in ends:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def go_down_at(self, word: bytes) -> None:
        """Do so when somebody says this, and let nobody hear it."""
        self.cuts_at = word

    def go_down(self) -> None:
        """Cut every connection, and answer no new one."""
        self.is_up = False
        self._cut(*self.ends)

    def come_back(self) -> None:
        """Answer again; those who were left waiting have to call again."""
        self.is_up, self.cuts_at = True, b""
        self._cut(*self.ends)

    def clean_up(self, queue: str) -> None:
        """Remove the queue, and whatever Celery keeps beside it."""
        self.go_down()
        self.server.close()
        if self.direct.startswith("redis"):
            with redis.Redis.from_url(self.direct) as client:
                for key in client.scan_iter(f"{queue}:*"):
                    client.delete(key)
        else:
            with Connection(self.direct) as connection:
                for each in celery_queues(self.direct, queue):
                    connection.default_channel.queue_delete(each.name)
                connection.default_channel.exchange_delete(queue)


class OwnRedis:
    """A Redis that keeps nothing, to be killed and started anew."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.come_back()

    def come_back(self) -> None:
        """Started anew, and empty."""
        command = [program("redis-server"), "--bind", "127.0.0.1", "--port", str(self.port)]
        command += ["--save", "", "--dir", str(self.folder), "--loglevel", "warning"]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        while not answers(self.url):
            assert self.process.poll() is None
            time.sleep(0.01)

    def go_down(self) -> None:
        """``kill -9``."""
        os.kill(self.process.pid, signal.SIGKILL)

    def is_down(self) -> bool:
        """Whether somebody has killed it."""
        return self.process.poll() is not None

    def clean_up(self, queue: str) -> None:
        """It keeps nothing."""
        self.process.kill()
        self.process.wait()
