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
    key = privacy.person(str(person.pk)).key
    assert len(key) == 32
    assert privacy.person(str(person.pk)).key == key
    assert privacy.person("another").key != key


def test_the_key_is_encrypted_in_its_table():
    key = privacy.person("alice").key
    with connection.cursor() as cursor:
        cursor.execute("SELECT key FROM ostiary_personkey")
        assert key not in bytes(cursor.fetchone()[0])


@pytest.mark.django_db(transaction=True)
def test_many_who_ask_first_at_once_get_the_same_key():
    keys = at_once(lambda: privacy.person("alice").key, ways=20)
    assert len(set(keys)) == 1
    assert PersonKey.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_key_that_was_rolled_back_encrypts_nothing_afterwards(person):
    with transaction.atomic():
        events.record("keys.rotated", user=person, personal={"n": 1})
        transaction.set_rollback(True)

    event = events.record("keys.rotated", user=person, personal={"n": 2})

    privacy._people.clear()
    assert events.personal_details(event) == {"n": 2}


@pytest.mark.django_db(transaction=True)
def test_a_process_asks_the_database_once(person, django_assert_num_queries):
    privacy.person(str(person.pk))
    with django_assert_num_queries(0):
        privacy.person(str(person.pk))


@pytest.mark.django_db(transaction=True)
def test_a_destroyed_key_is_gone_for_good():
    privacy.person("alice")

    privacy.shred("alice")
    privacy.shred("alice")

    kept = PersonKey.objects.get()
    assert (kept.subject, kept.key) == (None, None)
    assert kept.destroyed_at
    with pytest.raises(privacy.PersonErased):
        privacy.person("alice")


def test_whoever_never_had_a_key_gets_none_after_erasure():
    privacy.shred("bob")
    with pytest.raises(privacy.PersonErased):
        privacy.person("bob")


def test_exporters_come_in_their_order_those_of_the_settings_among_them(ostiary, monkeypatch):
    monkeypatch.setattr(privacy, "_exporters", {})
    ostiary(PERSONAL_DATA_EXPORTERS=["tests.ostiary.test_privacy.export_two"])
    privacy.register_exporter("tests.ostiary.test_privacy.export_one", order=60)
    assert privacy.exporters() == [export_two, export_one]


def test_one_that_is_registered_and_set_is_asked_once(ostiary, monkeypatch):
    monkeypatch.setattr(privacy, "_erasers", {})
    ostiary(PERSONAL_DATA_ERASERS=["tests.ostiary.test_privacy.export_one"])
    privacy.register_eraser("tests.ostiary.test_privacy.export_one", order=10, name="shop")
    assert privacy.named_erasers() == [("shop", "tests.ostiary.test_privacy.export_one")]


def test_two_erasers_cannot_share_a_name(monkeypatch):
    monkeypatch.setattr(privacy, "_erasers", {})
    monkeypatch.setattr(privacy, "_names", {})
    privacy.register_eraser("tests.ostiary.test_privacy.export_one", name="shop")
    with pytest.raises(ValueError, match="'shop'"):
        privacy.register_eraser("tests.ostiary.test_privacy.export_two", name="shop")
    assert privacy.named_erasers() == [("shop", "tests.ostiary.test_privacy.export_one")]


def test_the_log_calls_people_by_a_name_that_tells_nothing(person):
    told = events.record("keys.rotated", user=person)

    assert told.subject != str(person.pk)
    assert list(events.of(person)) == [told]
    assert privacy.subjects_of([told.subject]) == {told.subject: str(person.pk)}


def test_whom_the_log_called_so_nobody_can_tell_after_erasure(person):
    told = events.record("keys.rotated", user=person)

    privacy.shred(str(person.pk))

    assert privacy.subjects_of([told.subject]) == {}
    assert list(events.of(person)) == []
    with connection.cursor() as cursor:
        cursor.execute("SELECT subject, pseudonym FROM ostiary_personkey")
        assert cursor.fetchall() == [(None, told.subject)]


def test_many_people_are_named_by_few_statements(django_assert_max_num_queries):
    privacy.shred("gone")
    privacy.person("known")

    with transaction.atomic(), django_assert_max_num_queries(5):
        named = privacy.pseudonyms_of(["known", "gone", *(str(n) for n in range(50))])

    assert set(named) == {"known", *(str(n) for n in range(50))}
    assert named["known"] == privacy.person("known").pseudonym
    assert len(set(named.values())) == 51
