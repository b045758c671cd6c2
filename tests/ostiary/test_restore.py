"""A backup that is restored brings nobody back for long: ``apply_tombstones``."""

from __future__ import annotations

import json
import stat
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command

from ostiary import erasure, notifications, tombstone_file, tombstones
from ostiary.models import Erasure, Tombstone, TombstoneKey

pytestmark = pytest.mark.django_db
People = get_user_model()


@pytest.fixture
def file(tmp_path: Path, ostiary: Any, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where tombstones outlive the database."""
    monkeypatch.setattr(notifications, "_not_me_link", None)
    path = tmp_path / "kept" / "tombstones.jsonl"
    ostiary(TOMBSTONE_FILE=str(path))
    return path


def backup(tmp_path: Path) -> Path:
    path = tmp_path / "backup.json"
    call_command("dumpdata", People._meta.label, output=str(path))
    return path


def restore(made: Path) -> None:
    """The database as it was when nobody had been erased yet."""
    for model in (Erasure, Tombstone, TombstoneKey):
        model.objects.all().delete()
    call_command("loaddata", str(made), verbosity=0)


def erase(person: Any) -> None:
    assert erasure.run(erasure.request(person, grace=timedelta()).pk)


def apply(*arguments: str) -> dict[str, int]:
    output = StringIO()
    call_command("apply_tombstones", *arguments, "--json", stdout=output)
    found: dict[str, int] = json.loads(output.getvalue())
    return found


def test_whom_a_backup_brings_back_is_erased_again_and_nobody_else(
    person, other_person, file, tmp_path
):
    key, address = person.pk, person.email
    made = backup(tmp_path)
    erase(person)
    restore(made)
    assert People.objects.filter(pk=key).exists()

    assert apply() == {"restored": 2, "erased": 1, "begun": 0}

    assert not People.objects.filter(pk=key).exists()
    assert People.objects.filter(pk=other_person.pk).exists()
    assert tombstones.buried_among(tombstones.Of.EMAIL, [address]) == {address}
    assert apply() == {"restored": 0, "erased": 0, "begun": 0}


def test_the_file_names_nobody_and_only_its_owner_reads_it(person, file):
    key = str(person.pk)
    erase(person)

    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert [line["of"] for line in lines] == ["id", "email"]
    assert "alice" not in file.read_text()
    assert all(key not in (line["digest"], line["key"]) for line in lines)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_who_is_erased_between_restore_and_command_is_in_the_same_file(
    person, other_person, file, tmp_path
):
    made = backup(tmp_path)
    erase(person)
    restore(made)
    erase(other_person)  # in a database that has no key yet: it takes that of the file

    assert apply()["erased"] == 1
    assert not People.objects.exists()


def test_a_file_that_cannot_be_written_keeps_the_step_from_being_done(person, ostiary, tmp_path):
    (tmp_path / "file").touch()
    ostiary(TOMBSTONE_FILE=str(tmp_path / "file" / "tombstones.jsonl"))
    asked = erasure.request(person, grace=timedelta())

    assert not erasure.run(asked.pk)
    asked.refresh_from_db()
    assert asked.last_error == "close_account: FileExistsError"
    person.refresh_from_db()
    assert person.is_active


def test_the_file_of_another_database_is_refused(person, file, tmp_path):
    erase(person)
    TombstoneKey.objects.update_or_create(pk=1, defaults={"key": b"k" * 32})

    with pytest.raises(CommandError, match="another database"):
        apply(str(file))


def test_a_line_that_is_no_tombstone_is_named(file):
    file.parent.mkdir()
    file.write_text('{"of": "id"}\n')

    with pytest.raises(CommandError, match="Line 1"):
        apply()


def test_without_a_file_the_command_says_so(ostiary):
    ostiary(TOMBSTONE_FILE="")
    with pytest.raises(CommandError, match="TOMBSTONE_FILE"):
        apply()


def test_the_key_is_that_of_the_newest_line_that_can_be_read(person, file):
    erase(person)
    with file.open("a") as more:
        more.write('{"of": "id", "digest": "00", "erased_at": "2026-01-01T00:00:00+00:00"}\n')

    assert tombstone_file.kept_key() == bytes(TombstoneKey.objects.get().key)
