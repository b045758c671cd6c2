"""The security log: written with what it tells, and never changed."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, models, transaction

from ostiary import erasure, event_chain, events, notifications, privacy
from ostiary.models import Event, EventKey, PersonKey
from ostiary.models.event import AppendOnly
from ostiary.privacy import pseudonym_of

pytestmark = pytest.mark.django_db

KIND = "keys.rotated"


def everything_in(event: Event) -> str:
    """Every column of the row, as it stands in the database."""
    with connection.cursor() as cursor:
        pk = event.pk.hex if connection.vendor == "sqlite" else event.pk
        cursor.execute("SELECT * FROM ostiary_event WHERE id = %s", [pk])
        return " ".join(
            bytes(value).decode("latin-1") if isinstance(value, bytes | memoryview) else str(value)
            for value in cursor.fetchone()
        )


def test_an_event_tells_what_happened_to_whom(person):
    events.record(KIND, user=person, client_id="web", outcome="failure", details={"n": 1})

    event = Event.objects.get()
    assert (event.kind, event.outcome, event.client_id) == (KIND, "failure", "web")
    assert event.subject == pseudonym_of(person)
    assert event.details == {"n": 1}


def test_a_kind_that_nobody_declared_is_an_error():
    with pytest.raises(ValueError, match=r"singin\.failed"):
        events.record("singin.failed")


def test_a_kind_says_what_it_means_in_words():
    events.register_kinds({"test.happened": "Something happened"})
    assert events.sentence("test.happened") == "Something happened"
    assert events.sentence("of.an.app.that.was.removed") == "of.an.app.that.was.removed"


@pytest.mark.django_db(transaction=True)
def test_an_event_about_someone_known_is_one_statement(person, django_assert_num_queries):
    events.record(KIND, user=person)
    with django_assert_num_queries(1):
        events.record(KIND, user=person)


@pytest.mark.django_db(transaction=True)
def test_an_event_of_what_was_rolled_back_never_was(person):
    with transaction.atomic():
        events.record(KIND, user=person)
        transaction.set_rollback(True)
    assert not Event.objects.exists()


def test_address_and_browser_are_told_but_not_in_plain(person, request_from):
    request = request_from("198.51.100.7", **{"user-agent": "Mozilla/5.0"})
    event = events.record(KIND, user=person, request=request, personal={"email": person.email})

    assert events.personal_details(Event.objects.get()) == {
        "ip": "198.51.100.7",
        "user_agent": "Mozilla/5.0",
        "email": person.email,
    }
    for secret in ("198.51.100.7", "Mozilla", person.email):
        assert secret not in everything_in(event)


def test_of_an_event_without_a_person_the_details_are_encrypted_too(request_from):
    event = events.record(KIND, request=request_from("198.51.100.7"))
    assert events.personal_details(event) == {"ip": "198.51.100.7"}
    assert "198.51.100.7" not in everything_in(event)


def test_what_was_typed_is_readable_until_the_person_of_that_address_is_erased(
    person, other_person, monkeypatch
):
    monkeypatch.setattr(notifications, "_not_me_link", None)
    monkeypatch.setattr(erasure, "_cancel_link", None)
    monkeypatch.setattr(privacy, "_erasers", {})
    alices = events.record(KIND, personal={"email": "ALICE@example.com", "ip": "198.51.100.7"})
    bobs = events.record(KIND, personal={"email": other_person.email})
    assert events.personal_details(alices)["ip"] == "198.51.100.7"
    event_chain.seal()

    erasure.run(erasure.request(person, grace=timedelta()).pk)

    assert events.personal_details(alices) == {}
    assert events.personal_details(bobs) == {"email": other_person.email}
    assert list(event_chain.verify()) == []


def test_of_each_that_was_typed_the_key_goes_with_the_event():
    events.record(KIND, personal={"email": "carol@example.com"})
    event_chain.seal()
    assert EventKey.objects.count() == 1

    event_chain.prune(timedelta())

    assert not EventKey.objects.exists()


def test_personal_details_moved_to_another_event_are_not_shown(person):
    told = events.record(KIND, user=person, personal={"name": "Alice"})
    other = Event(kind=KIND, subject=told.subject, personal=told.personal)
    assert events.personal_details(other) == {}


def test_whose_key_was_destroyed_is_told_nothing_about(person, request_from):
    event = events.record(KIND, user=person, personal={"name": "Alice"})
    privacy.shred(str(person.pk))
    assert events.personal_details(event) == {}


def test_what_still_happens_to_an_erased_person_is_logged_without_them(person, request_from):
    privacy.shred(str(person.pk))

    event = events.record(KIND, user=person, request=request_from())

    assert (event.subject, event.personal) == ("", None)
    assert not PersonKey.objects.exists()


@pytest.mark.parametrize(
    "change",
    [
        lambda event: event.save(),
        lambda event: event.delete(),
        lambda event: Event.objects.update(kind="other"),
        lambda event: Event.objects.all().delete(),
        lambda event: Event.objects.filter(pk=event.pk).delete(),
    ],
)
def test_the_code_neither_changes_nor_removes_events(change):
    event = events.record(KIND)
    with pytest.raises(AppendOnly):
        change(event)
    assert Event.objects.get().kind == KIND


@pytest.mark.parametrize(
    "sql", ["UPDATE ostiary_event SET kind = 'other'", "DELETE FROM ostiary_event"]
)
def test_nor_does_postgresql_let_anybody(postgresql, sql):
    events.record(KIND)
    with (
        pytest.raises(DatabaseError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(sql)
    assert models.QuerySet(Event).count() == 1
