"""What a test needs of the machine. Where a program or a service is missing, the test is skipped;
in CI it fails."""

from __future__ import annotations

import fcntl
import os
import random
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from typing import NoReturn
from urllib.parse import urlsplit

import pytest

ROOT = Path(__file__).resolve().parent.parent
POSTGRESQL = os.environ.get("TEST_POSTGRESQL_URL", "postgres://postgres@127.0.0.1:5432/ostiary")
REDIS = os.environ.get("TEST_REDIS_URL", "redis://127.0.0.1:6379/15")
# Under cache and throttles in a pass of ``make test``; each test there begins by emptying it.
REDIS_OF_THE_SITE = os.environ.get("TEST_SITE_REDIS_URL", "redis://127.0.0.1:6379/14")
# The same for the other pass on PostgreSQL, which runs at the same time.
OTHER_REDIS_OF_THE_SITE = os.environ.get("TEST_OTHER_SITE_REDIS_URL", "redis://127.0.0.1:6379/13")
RABBITMQ = os.environ.get("TEST_RABBITMQ_URL", "amqp://guest:guest@127.0.0.1:5672//")


def missing(sentence: str) -> NoReturn:
    """Skip the test, or fail it in CI, because the machine lacks something."""
    if os.environ.get("CI") == "true":
        pytest.fail(sentence)
    pytest.skip(sentence)


def program(*names: str) -> str:
    """The path of the first of these programs that is installed."""
    for name in names:
        if path := shutil.which(name):
            return path
    missing(f"{names[0]} is not on this machine")


def answers(url: str) -> bool:
    """Whether something listens at the address of this URL."""
    parts = urlsplit(url)
    try:
        socket.create_connection((parts.hostname or "", parts.port or 0), timeout=2).close()
    except OSError:
        return False
    return True


def service(name: str, url: str) -> str:
    """``url``, if something answers there."""
    if not answers(url):
        missing(f"{name} does not answer at {urlsplit(url).netloc.rpartition('@')[2]}")
    return url


def npm_packages(folder: Path) -> Path:
    """The packages that ``folder/package-lock.json`` locks, installed where they are not yet."""
    npm = program("npm")
    packages = folder / "node_modules"
    installed, wanted = packages / ".package-lock.json", folder / "package-lock.json"
    with wanted.open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two passes of ``make test`` run at once
        if not installed.exists() or installed.stat().st_mtime < wanted.stat().st_mtime:
            command = [npm, "ci", "--no-audit", "--no-fund"]
            subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return packages


def python_packages(lock: str) -> Path:
    """The Python of ``.venv-LOCK``, which holds what ``requirements/LOCK.txt`` locks: made where it
    is not yet."""
    folder = ROOT / f".venv-{lock}"
    python = folder / "bin" / "python"
    stamp = folder / "lock"
    uv = Path(sys.executable).with_name("uv")
    with (ROOT / "requirements" / f"{lock}.txt").open("rb") as wanted:
        fcntl.flock(wanted, fcntl.LOCK_EX)  # two passes of ``make test`` run at once
        text = wanted.read() + sys.version.encode()
        if not stamp.is_file() or stamp.read_bytes() != text:
            make = [uv, "venv", "--quiet", "--clear", "--python", sys.executable, folder]
            fill = [uv, "pip", "sync", "--quiet", "--require-hashes", "--python", python]
            for command in (make, [*fill, wanted.name]):
                done = subprocess.run(command, capture_output=True, text=True)
                assert done.returncode == 0, done.stderr
            stamp.write_bytes(text)
    return python


def free_port(neighbours: int = 0) -> int:
    """A port that nobody listens on now, and so many after it.

    From below the range that the system takes ports of outgoing connections from, so that none of
    those gets it before the test does.
    """
    while True:
        port = random.randrange(20_000, 32_000)
        try:
            for candidate in range(port, port + neighbours + 1):
                with socket.socket() as probe:
                    probe.bind(("127.0.0.1", candidate))
        except OSError:
            continue
        return port
