"""Personal data: a key for each person, and who exports and erases."""

import pytest
from django.db import connection, transaction

from ostiary import events, privacy
from ostiary.models import PersonKey
from tests.parallel import at_once

pytestmark = pytest.mark.django_db


def export_one(user):
    """An exporter."""


def export_two(user):
    """Another."""


def test_a_person_has_one_key(person):
    key = privacy.person_key(str(person.pk))
    assert len(key) == 32
    assert privacy.person_key(str(person.pk)) == key
    assert privacy.person_key("another") != key


def test_the_key_is_encrypted_in_its_table():
    key = privacy.person_key("alice")
    with connection.cursor() as cursor:
        cursor.execute("SELECT key FROM ostiary_personkey")
        assert key not in bytes(cursor.fetchone()[0])


@pytest.mark.django_db(transaction=True)
def test_many_who_ask_first_at_once_get_the_same_key():
    keys = at_once(lambda: privacy.person_key("alice"), ways=20)
    assert len(set(keys)) == 1
    assert PersonKey.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_key_that_was_rolled_back_encrypts_nothing_afterwards(person):
    with transaction.atomic():
        events.record("keys.rotated", user=person, personal={"n": 1})
        transaction.set_rollback(True)

    event = events.record("keys.rotated", user=person, personal={"n": 2})

    privacy._keys.clear()
    assert events.personal_details(event) == {"n": 2}


@pytest.mark.django_db(transaction=True)
def test_a_process_asks_the_database_once(person, django_assert_num_queries):
    privacy.person_key(str(person.pk))
    with django_assert_num_queries(0):
        privacy.person_key(str(person.pk))


@pytest.mark.django_db(transaction=True)
def test_a_destroyed_key_is_gone_for_good():
    privacy.person_key("alice")

    privacy.shred("alice")
    privacy.shred("alice")

    assert PersonKey.objects.get().key is None
    assert PersonKey.objects.get().destroyed_at
    with pytest.raises(privacy.PersonErased):
        privacy.person_key("alice")


def test_whoever_never_had_a_key_gets_none_after_erasure():
    privacy.shred("bob")
    with pytest.raises(privacy.PersonErased):
        privacy.person_key("bob")


def test_exporters_come_in_their_order_those_of_the_settings_among_them(ostiary, monkeypatch):
    monkeypatch.setattr(privacy, "_exporters", {})
    ostiary(PERSONAL_DATA_EXPORTERS=["tests.ostiary.test_privacy.export_two"])
    privacy.register_exporter("tests.ostiary.test_privacy.export_one", order=60)
    assert privacy.exporters() == [export_two, export_one]


def test_one_that_is_registered_and_set_is_asked_once(ostiary, monkeypatch):
    monkeypatch.setattr(privacy, "_erasers", {})
    ostiary(PERSONAL_DATA_ERASERS=["tests.ostiary.test_privacy.export_one"])
    privacy.register_eraser("tests.ostiary.test_privacy.export_one", order=10)
    assert privacy.erasers() == [export_one]
