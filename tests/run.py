"""``make test``: the suite on SQLite, on PostgreSQL, and a shorter pass on the other Django.

What a pass needs and the machine does not have is told in one line each; with ``CI=true`` it is a
failure. The last line of the output is pytest's own.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import django

ROOT = Path(__file__).resolve().parent.parent
POSTGRESQL = os.environ.get("TEST_POSTGRESQL_URL", "postgres://postgres@127.0.0.1:5432/ostiary")
REDIS = os.environ.get("TEST_REDIS_URL", "redis://127.0.0.1:6379/0")
RABBITMQ = os.environ.get("TEST_RABBITMQ_URL", "amqp://guest:guest@127.0.0.1:5672//")
OTHER_DJANGO = ROOT / ".venv-django52"
# Those that say most about Django itself; the rest drives processes and browsers.
SHORT = ["tests/ostiary", "tests/accounts", "tests/oauth"]


@dataclass(frozen=True)
class Pass:
    """One run of pytest."""

    name: str
    env: dict[str, str]
    paths: tuple[str, ...] = ()


def answers(url: str) -> bool:
    """Whether something listens at the address of this URL."""
    parts = urlsplit(url)
    try:
        socket.create_connection((parts.hostname or "", parts.port or 0), timeout=2).close()
    except OSError:
        return False
    return True


def missing() -> list[str]:
    """What this machine lacks, one sentence each."""
    services = {"PostgreSQL": POSTGRESQL, "Redis": REDIS, "RabbitMQ": RABBITMQ}
    lacking = [
        f"{name} does not answer at {urlsplit(url).netloc.rpartition('@')[2]}: "
        "what needs it is left out."
        for name, url in services.items()
        if not answers(url)
    ]
    if not (shutil.which("chromium") or shutil.which("google-chrome")):
        lacking.append("Chromium is not installed; the tests in a browser are left out.")
    if not shutil.which("npm"):
        lacking.append("npm is not installed; the JavaScript clients and axe-core are left out.")
    if django.VERSION < (6,):
        lacking.append("Python 3.11 has no Django 6; the pass on the other Django is left out.")
    return lacking


def other_django() -> dict[str, str]:
    """An environment in which Django 5.2 stands before the installed one."""
    lock = ROOT / "requirements" / "django52.txt"
    stamp = OTHER_DJANGO / "lock"
    if not stamp.is_file() or stamp.read_bytes() != lock.read_bytes():
        shutil.rmtree(OTHER_DJANGO, ignore_errors=True)
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--require-hashes"]
        command += ["--disable-pip-version-check", "--target", str(OTHER_DJANGO), "-r", str(lock)]
        subprocess.run(command, check=True)
        stamp.write_bytes(lock.read_bytes())
    return {"PYTHONPATH": str(OTHER_DJANGO)}


def passes() -> list[Pass]:
    """What can be run here; the fullest comes last."""
    found = []
    if django.VERSION >= (6,):
        found.append(Pass("Django 5.2, SQLite", other_django(), tuple(SHORT)))
    found.append(Pass("SQLite", {}))
    if answers(POSTGRESQL):
        found.append(Pass("PostgreSQL", {"DATABASE_URL": POSTGRESQL}))
    return found


def run(one: Pass) -> int:
    """Run pytest; its exit code."""
    print(f"\n── {one.name} ──", flush=True)
    # The tests choose their own site: nothing of the developer's leaks into them.
    clean = {
        name: value
        for name, value in os.environ.items()
        if name not in ("DATABASE_URL", "REDIS_URL", "DEMO", "DEBUG", "ISSUER_URL", "VAR_DIR")
    }
    command = [sys.executable, "-m", "pytest", "-q", *one.paths, *sys.argv[1:]]
    return subprocess.run(command, cwd=ROOT, env={**clean, **one.env}).returncode


def main() -> int:
    """Run every pass; 0 when all succeed and, in CI, nothing was missing."""
    lacking = missing()
    for sentence in lacking:
        print(sentence, flush=True)
    if lacking and os.environ.get("CI") == "true":
        print("With CI=true this is a failure.", flush=True)
        return 1
    for one in passes():
        if code := run(one):
            return code
    return 0


if __name__ == "__main__":
    sys.exit(main())
