"""Tombstones: who was erased is known again, and from them alone nobody learns who it was."""

import pytest
from django.db import connection

from ostiary import tombstones
from ostiary.models import Tombstone, TombstoneKey
from tests.parallel import at_once

pytestmark = pytest.mark.django_db
Of = tombstones.Of


def test_who_was_erased_is_known_by_id_and_by_address():
    tombstones.bury("alice-1", ["Alice@Example.com"])

    assert tombstones.is_buried("alice-1")
    assert not tombstones.is_buried("alice-2")
    found = tombstones.buried_among(Of.EMAIL, ["alice@example.com ", "bob@example.com"])
    assert found == {"alice@example.com "}


def test_an_id_is_no_address():
    tombstones.bury("alice@example.com")

    assert not tombstones.buried_among(Of.EMAIL, ["alice@example.com"])


def test_nothing_of_them_stands_in_the_tables():
    tombstones.bury("alice-1", ["alice@example.com"])

    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM ostiary_tombstone")
        rows = str(cursor.fetchall())
        cursor.execute("SELECT key FROM ostiary_tombstonekey")
        [sealed] = cursor.fetchone()
    assert "alice" not in rows
    assert bytes(TombstoneKey.objects.get().key) not in bytes(sealed)


def test_the_same_again_changes_nothing():
    tombstones.bury("alice-1", ["alice@example.com"])
    before = list(Tombstone.objects.order_by("id").values())

    tombstones.bury("alice-1", ["alice@example.com"])

    assert list(Tombstone.objects.order_by("id").values()) == before


@pytest.mark.django_db(transaction=True)
def test_the_first_erasures_at_once_share_one_key():
    names = [f"person-{n}" for n in range(10)]
    todo = iter(names)
    at_once(lambda: tombstones.bury(next(todo)), ways=len(names))

    assert TombstoneKey.objects.count() == 1
    assert all(tombstones.is_buried(name) for name in names)
