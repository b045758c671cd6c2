"""A database that is restored from before an erasure brings nobody back (SECURITY F3)."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connection, connections

from ostiary import erasure, mail, outbox, privacy, receipts
from ostiary.models import Erasure, OutboxMessage
from tests.accounts import exports
from tests.faults.conftest import ROOT, database_url
from tests.faults.erased import nothing_is_left, place
from tests.machine import program

pytestmark = [pytest.mark.needs("accounts"), pytest.mark.django_db(transaction=True)]


class Backup:
    """The test's database as it is now, to be restored beside it."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "backup"
        self.name = str(folder / "restored.sqlite3")
        if connection.vendor == "sqlite":
            live = sqlite3.connect(connection.settings_dict["NAME"])
            copy = sqlite3.connect(self.file)
            with closing(live), closing(copy):
                live.backup(copy)
        else:
            self.name = f"restored_{uuid.uuid4().hex}"
            self._run("pg_dump", "--file", str(self.file), database_url())

    @staticmethod
    def _run(name: str, *arguments: str) -> None:
        subprocess.run([program(name), *arguments], check=True, capture_output=True)

    @contextmanager
    def restored(self) -> Iterator[None]:
        """Our connection leads to the restored one, within; then it is no more."""
        settings, live = connection.settings_dict, connection.settings_dict["NAME"]
        if connection.vendor == "sqlite":
            Path(self.name).write_bytes(self.file.read_bytes())
        else:
            with connection.cursor() as cursor:
                cursor.execute(f"CREATE DATABASE {self.name}")
        connections.close_all()
        settings["NAME"] = self.name
        try:
            if connection.vendor != "sqlite":
                quiet = ("--quiet", "--set", "ON_ERROR_STOP=1", "--file", str(self.file))
                self._run("psql", *quiet, database_url())
            privacy._people.clear()
            yield
        finally:
            connections.close_all()
            settings["NAME"] = live
            if connection.vendor != "sqlite":
                with connection.cursor() as cursor:
                    cursor.execute(f"DROP DATABASE {self.name} WITH (FORCE)")


def manage(folder: Path, *arguments: str) -> str:
    """A command of the site, in a process of its own, on the database that we are connected to."""
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "VAR_DIR": str(folder),
        "DATABASE_URL": database_url(),
    }
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_restored_backup_brings_nobody_back(tmp_path: Path, settings: Any) -> None:
    kept = str(tmp_path / "tombstones.jsonl")
    settings.OSTIARY = {**settings.OSTIARY, "TOMBSTONE_FILE": kept}
    people = get_user_model().objects
    with place(tmp_path) as site:
        stays = site.person("stays")
        person = site.person("goes")
        subject, address = str(person.pk), person.email
        mail.send_email(address, "ostiary/mail/erased", {"receipt": "late"})
        late = OutboxMessage.objects.get(kind="email.send")
        backup = Backup(tmp_path)
        first = erasure.request(person, grace=timedelta())
        assert erasure.run(first.pk)
        while outbox.deliver_due():
            pass
        told = [claims["jti"] for claims in site.told("/events", subject)]

        with backup.restored():
            assert people.filter(pk=subject).exists()
            assert not Erasure.objects.exists()

            applied = json.loads(manage(tmp_path, "apply_tombstones", "--json"))

            assert applied == {"restored": 2, "erased": 1, "begun": 0}
            assert not people.filter(pk=subject).exists()
            assert people.filter(pk=stays.pk).exists()
            again = Erasure.objects.get()
            names = list(erasure.steps())[:-1]
            assert [step["name"] for step in receipts.verify(again.receipt)["steps"]] == names
            assert again.pk != first.pk

            # A job that the broker has kept, one that was waiting, one that knows the id, a list.
            mailed = site.mailed(address)
            assert not outbox.deliver(late.pk)
            while outbox.deliver_due():
                pass
            assert len(site.mailed(address)) == len(mailed) + 1, "the second receipt alone"
            with pytest.raises(privacy.PersonErased):
                privacy.pseudonym_of(person)
            listed = exports.realm(
                tmp_path,
                exports.keycloak_user("goes", email=address),
                exports.keycloak_user("carol"),
            )
            manage(tmp_path, "import_users", str(listed), "--format", "keycloak")
            assert people.filter(email="carol@example.com").exists(), "the list was taken"
            assert not people.filter(email=address).exists()
            again_told = [claims["jti"] for claims in site.told("/events", subject)]
            assert len({*told, *again_told}) == 2, "the application hears it again"

            people.filter(pk=stays.pk).delete()  # for the search, which finds everybody
            listed.unlink()
            nothing_is_left()
