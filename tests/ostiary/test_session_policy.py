"""How many sessions a person may have at once, and what is noticed of one that moves."""

from datetime import timedelta

import pytest
from django.core import mail
from django.test import Client as Browser
from django.utils import timezone

from ostiary import events, notifications, outbox, places
from ostiary.models import Event, Session
from ostiary.privacy import pseudonym_of
from tests.ostiary.conftest import sign_in, who

pytestmark = pytest.mark.django_db


def signed_in(person) -> Browser:
    browser = Browser()
    sign_in(browser, person)
    return browser


def test_without_a_limit_nobody_is_signed_out(person):
    browsers = [signed_in(person) for _ in range(6)]

    assert all(who(browser)["user"] for browser in browsers)


def test_one_sign_in_too_many_ends_the_oldest_and_the_person_is_told(person, ostiary, monkeypatch):
    monkeypatch.setattr(notifications, "_not_me_link", None)  # its page is accounts'
    ostiary(MAX_SESSIONS_PER_PERSON=2)
    if hasattr(person, "email_verified_at"):
        type(person).objects.update(email_verified_at=timezone.now())
    oldest, older, newest = (signed_in(person) for _ in range(3))

    assert who(oldest)["user"] is None
    assert who(older)["user"] == who(newest)["user"] == str(person.pk)
    assert Session.objects.get(ended_at__isnull=False).end_reason == "limit"
    while outbox.deliver_due():
        pass
    assert [m.to for m in mail.outbox if "signed out" in m.subject] == [[person.email]]


def test_another_persons_sessions_do_not_count(person, other_person, ostiary):
    ostiary(MAX_SESSIONS_PER_PERSON=1)
    bobs = signed_in(other_person)
    signed_in(person)

    assert who(bobs)["user"] == str(other_person.pk)


def test_to_prove_again_who_one_is_ends_nothing(person, ostiary):
    ostiary(MAX_SESSIONS_PER_PERSON=1)
    browser = signed_in(person)
    sign_in(browser, person)

    assert who(browser)["user"] == str(person.pk)
    assert Session.objects.count() == 1


def go_on(browser, address):
    """A request from there, when the register next looks."""
    Session.objects.update(last_seen_at=timezone.now() - timedelta(seconds=301))
    return browser.get("/who/", REMOTE_ADDR=address).json()["user"]


def test_a_session_that_goes_on_in_another_network_is_noted_and_not_punished(person):
    browser = signed_in(person)

    assert go_on(browser, "198.51.100.7") == str(person.pk)

    event = Event.objects.get(kind="session.moved")
    assert event.subject == pseudonym_of(person)
    assert event.details["country_changed"] is False
    assert "127.0.0.1" not in str(event.details)
    assert events.personal_details(event)["before"] == "127.0.0.1"
    assert Session.objects.get().ip_address == "198.51.100.7"
    go_on(browser, "198.51.100.7")
    assert Event.objects.filter(kind="session.moved").count() == 1


def test_another_address_of_the_same_network_is_none(person):
    browser = signed_in(person)
    go_on(browser, "2001:db8:1:2::1")

    go_on(browser, "2001:db8:1:2:ffff::9")

    assert Event.objects.filter(kind="session.moved").count() == 1


def test_another_country_is_noted_where_places_are_known(person, monkeypatch):
    known = {"127.0.0.1": "DE", "198.51.100.7": "FR"}
    monkeypatch.setattr(places, "place_of", lambda address: places.Place(known[address]))
    browser = signed_in(person)

    go_on(browser, "198.51.100.7")

    assert Event.objects.get(kind="session.moved").details["country_changed"] is True
