"""What an erased person leaves in the files of the database: nothing (SECURITY F3)."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connections
from django.db.backends.sqlite3.base import DatabaseWrapper

from ostiary import erasure, outbox, scrubbing
from ostiary.models import OutboxMessage
from tests.machine import ROOT, free_port, missing

SEARCH = "tests/idp_site/files/erase_and_search.py"
NOT_RECYCLED = "wal_recycle=off"
"""Else PostgreSQL keeps old files of its log under new names."""


def searched(var: Path, files: Path, by: str, **env: str) -> None:
    """Have somebody live and be erased in a site of its own, and look for them in ``files``."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", SEARCH]
    told = {"VAR_DIR": str(var), "SEARCHED_FILES": str(files), "SCRUBBED_BY": by, **env}
    kept = {name: value for name, value in os.environ.items() if name not in ("REDIS_URL",)}
    done = subprocess.run(command, cwd=ROOT, env={**kept, **told}, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-8000:]


@pytest.fixture(scope="module")
def cluster() -> Iterator[tuple[Path, int]]:
    """A PostgreSQL of our own, whose files we can read: the folder and the port."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    programs = found[-1].parent if found else Path(shutil.which("initdb") or "/missing").parent
    if not (programs / "initdb").exists() or not (programs / "pg_ctl").exists():
        missing("initdb and pg_ctl of PostgreSQL are not on this machine")
    folder = Path(tempfile.mkdtemp(prefix="ostiary-cluster-"))  # where another user can go, too
    by = []
    if os.geteuid() == 0:  # PostgreSQL does not run as root
        if not shutil.which("runuser"):
            missing("runuser is not on this machine, and PostgreSQL does not run as root")
        by = ["runuser", "-u", "postgres", "--"]
        shutil.chown(folder, "postgres")
    port = free_port()
    options = f"-p {port} -c listen_addresses=127.0.0.1 -k {folder} -c {NOT_RECYCLED}"
    data = folder / "data"

    def run(name: str, *arguments: str) -> None:
        command = [*by, str(programs / name), "-D", str(data), *arguments]
        done = subprocess.run(command, cwd=folder, stdout=subprocess.DEVNULL, check=False)
        assert done.returncode == 0, command

    run("initdb", "-A", "trust", "-U", "postgres", "--no-sync")
    run("pg_ctl", "-w", "-l", str(folder / "log"), "-o", options, "start")
    yield data, port
    run("pg_ctl", "-w", "-m", "immediate", "stop")
    shutil.rmtree(folder)


@pytest.mark.parametrize("by", ["worker", "command"])
def test_sqlite_keeps_nothing_of_an_erased_person(tmp_path, by):
    searched(tmp_path, tmp_path, by, DATABASE_URL="")


def test_postgresql_keeps_nothing_once_it_is_scrubbed(cluster, tmp_path):
    data, port = cluster
    url = f"postgres://postgres@127.0.0.1:{port}/marks"
    searched(tmp_path, data, "command", DATABASE_URL=url)


# --- SQLite, whose worker does it by itself ------------------------------------------------------


@pytest.fixture
def two_connections(tmp_path, db) -> Iterator[list[DatabaseWrapper]]:
    """Two of a project that says nothing of how SQLite is to be set up but for its log."""
    options = {"init_command": "PRAGMA journal_mode=WAL", "timeout": 20}
    entry = {
        **connections.settings["default"],
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": tmp_path / "db.sqlite3",
        "OPTIONS": options,
    }
    found = [DatabaseWrapper(entry, alias) for alias in ("one", "two")]
    yield found
    for each in found:
        each.close()


def test_every_connection_overwrites_what_is_deleted(two_connections):
    one, _ = two_connections
    with one.cursor() as cursor:
        cursor.execute("PRAGMA secure_delete")
        assert cursor.fetchone() == (1,)


def test_while_the_log_is_read_it_is_left_alone_and_nobody_waits(two_connections, tmp_path):
    one, two = two_connections
    log = tmp_path / "db.sqlite3-wal"
    with one.cursor() as cursor:
        cursor.execute("CREATE TABLE t (said text)")
        cursor.execute("INSERT INTO t VALUES ('zqxwal'), ('b')")
    reader = two.cursor()
    reader.execute("BEGIN")
    reader.execute("SELECT * FROM t")
    with one.cursor() as cursor:
        cursor.execute("DELETE FROM t WHERE said = 'zqxwal'")
    assert not scrubbing._checkpoint(one)
    assert b"zqxwal" in log.read_bytes()
    with one.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout")
        assert cursor.fetchone() == (20_000,)
    reader.execute("COMMIT")
    reader.close()
    assert scrubbing._checkpoint(one)
    assert log.read_bytes() == b""
    assert b"zqxwal" not in (tmp_path / "db.sqlite3").read_bytes()


def test_while_somebody_writes_the_file_is_rewritten_later(two_connections):
    one, two = two_connections
    with one.cursor() as cursor:
        cursor.execute("CREATE TABLE t (said text)")
    writer = two.cursor()
    writer.execute("BEGIN IMMEDIATE")
    assert [*scrubbing._rewrite_sqlite(one)] != []
    writer.execute("COMMIT")
    writer.close()
    assert [*scrubbing._rewrite_sqlite(one)] == []


def test_erasures_of_the_same_minutes_have_the_file_rewritten_once(person_to_erase):
    for person in person_to_erase:
        asked = erasure.request(person, grace=timedelta())
        assert erasure.run(asked.pk)
    planned = OutboxMessage.objects.filter(kind=scrubbing.KIND)
    sqlite = connections["default"].vendor == "sqlite"
    assert planned.count() in ((1, 2) if sqlite else (0,))


@pytest.fixture
def person_to_erase(db, django_user_model):
    people = django_user_model._default_manager
    field = django_user_model.USERNAME_FIELD
    return [people.create(**{field: f"{n}@example.com"}) for n in range(3)]


def test_a_database_that_is_in_use_is_tried_again(monkeypatch, db):
    monkeypatch.setattr(scrubbing, "_rewrite_sqlite", lambda connection: iter(["in use"]))
    if connections["default"].vendor != "sqlite":
        pytest.skip("this is about SQLite")
    with pytest.raises(outbox.RetryAfter):
        scrubbing.carry_out({"database": "default"}, "key")
