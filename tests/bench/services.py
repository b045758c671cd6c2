"""The database and the cache under what is measured: each side has its own, made for the run."""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
import subprocess
from collections.abc import Iterator
from urllib.parse import urlsplit, urlunsplit

import psycopg

from tests.machine import POSTGRESQL, answers, free_port

NUMBERS = itertools.count(1)


def server() -> str:
    """The URL of the PostgreSQL server, ``""`` if there is none: ``DATABASE_URL``, or what answers
    where the tests look for one."""
    wanted = os.environ.get("DATABASE_URL", "")
    if wanted:
        return wanted if wanted.startswith("postgres") else ""
    return POSTGRESQL if answers(POSTGRESQL) else ""


def named(url: str, database: str) -> str:
    """The URL of another database on the same server."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc, f"/{database}", parts.query, ""))


@contextlib.contextmanager
def database(side: str) -> Iterator[str]:
    """The URL of an empty database, dropped at the end; ``""``, for SQLite, without a server."""
    url = server()
    if not url:
        yield ""
        return
    name = f"bench_{side}_{os.getpid()}_{next(NUMBERS)}"
    with psycopg.connect(named(url, "postgres"), autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    try:
        yield named(url, name)
    finally:
        with psycopg.connect(named(url, "postgres"), autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


APART = "ostiary-bench-apart"
"""The application name (``PGAPPNAME``) of who uses a side's database and isn't of the side."""


def backends(url: str) -> list[int]:
    """The processes of the database server that work for this database, but for what is `APART`;
    none if it is elsewhere than on this machine."""
    if not url or urlsplit(url).hostname not in ("127.0.0.1", "localhost"):
        return []
    with psycopg.connect(named(url, "postgres"), autocommit=True) as connection:
        rows = connection.execute(
            "SELECT pid FROM pg_stat_activity WHERE datname = %s AND application_name <> %s",
            [urlsplit(url).path[1:], APART],
        ).fetchall()
    return [pid for (pid,) in rows]


@contextlib.contextmanager
def redis() -> Iterator[str]:
    """The URL of a Redis: ``REDIS_URL``, or one started for the run, or ``""`` where none can be.

    It keeps nothing on a disk, as a cache needs to keep nothing.
    """
    if given := os.environ.get("REDIS_URL"):
        yield given
        return
    program = shutil.which("redis-server")
    if program is None:
        yield ""
        return
    port = free_port()
    command = [program, "--port", str(port), "--bind", "127.0.0.1", "--save", ""]
    process = subprocess.Popen([*command, "--appendonly", "no"], stdout=subprocess.DEVNULL)
    try:
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        process.terminate()
        process.wait(timeout=20)
