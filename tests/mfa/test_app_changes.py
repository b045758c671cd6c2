"""Renaming and removing authenticator apps (SECURITY C3, C8, D4)."""

import pytest
from django.core import mail
from django.test import Client as Browser

from mfa.models import AuthenticatorApp
from ostiary import factors, outbox
from ostiary.models import Event
from tests.mfa import flow

pytestmark = pytest.mark.needs("accounts")

SHORT = "only-14-chars!"


def path_of(app, what=""):
    return f"/account/security/app/{app.pk}/{what}"


@pytest.fixture
def alice(browser, app, clock):
    """Alice's browser, in which she has just signed in by password and code."""
    flow.sign_in(browser, app)
    return browser


def told():
    while outbox.deliver_due():
        pass
    return [message.subject for message in mail.outbox]


def test_an_app_gets_another_name(alice, app):
    assert alice.post(path_of(app), {"name": "Old phone"}).status_code == 302

    app.refresh_from_db()
    assert app.name == "Old phone"
    assert "Old phone" in alice.get("/account/security/").content.decode()
    assert Event.objects.filter(kind="factor.renamed").count() == 1


def test_an_app_is_removed_and_the_person_is_told(alice, app):
    answer = alice.post(path_of(app, "remove/"), {"password": flow.PASSWORD})

    assert answer.status_code == 302
    assert not AuthenticatorApp.objects.exists()
    assert Event.objects.filter(kind="factor.removed").count() == 1
    assert "A two-step verification method was removed at Ostiary" in told()
    assert flow.is_signed_in(alice)


def test_c8_a_change_demands_a_fresh_proof_of_both_factors(alice, app, clock):
    clock.advance(3600)

    for what in ("", "remove/"):
        answer = alice.post(path_of(app, what), {"name": "x", "password": flow.PASSWORD})
        assert answer.url.startswith("/signin/?")
        assert "acr_values=urn%3Aostiary%3Aaal2" in answer.url
    assert AuthenticatorApp.objects.get() == app


def test_d4_a_session_of_one_factor_cannot_remove_the_other(app, person, clock):
    """Such as one that was begun before the factor was set up."""
    browser = Browser()
    AuthenticatorApp.objects.update(confirmed=False)
    flow.show_password(browser, person.email)
    AuthenticatorApp.objects.update(confirmed=True)
    assert flow.is_signed_in(browser)

    for path in (path_of(app, "remove/"), path_of(app), "/account/security/app/"):
        answer = browser.post(path, {"password": flow.PASSWORD})
        assert "acr_values=urn%3Aostiary%3Aaal2" in answer.url
    assert AuthenticatorApp.objects.get() == app


def test_who_removes_the_last_one_shows_the_password(alice, app):
    for password in ("", "not the password"):
        answer = alice.post(path_of(app, "remove/"), {"password": password})
        assert answer.status_code == 400
    assert AuthenticatorApp.objects.get() == app


def test_c3_a_password_too_short_to_stand_alone_keeps_the_last_one(alice, app, person, clock):
    person.set_password(SHORT)
    person.save()
    browser = Browser()
    browser.post("/signin/", {"identifier": person.email, "password": SHORT})
    clock.advance(30)
    flow.enter(browser, flow.code_of(app))

    answer = browser.post(path_of(app, "remove/"), {"password": SHORT})

    assert answer.status_code == 400
    assert "at least 15 characters" in answer.content.decode()
    assert AuthenticatorApp.objects.get() == app


def test_one_of_two_goes_without_the_password(alice, app, person):
    other = AuthenticatorApp.objects.create(
        user=person, key=AuthenticatorApp.new_key(), confirmed=True
    )

    assert alice.post(path_of(other, "remove/")).status_code == 302

    assert AuthenticatorApp.objects.get() == app
    assert factors.factors_of(person) == ["Authenticator app: Phone"]


def test_another_persons_app_is_not_there(alice, other_person):
    other = AuthenticatorApp.objects.create(
        user=other_person, key=AuthenticatorApp.new_key(), confirmed=True
    )

    for what in ("", "remove/"):
        assert alice.post(path_of(other, what)).status_code == 404
    assert AuthenticatorApp.objects.filter(pk=other.pk).exists()


def test_guesses_at_the_password_are_throttled(alice, app, settings):
    settings.OSTIARY = {**settings.OSTIARY, "THROTTLES": {"signin": {"device": "2/hour"}}}

    answers = [
        alice.post(path_of(app, "remove/"), {"password": "wrong"}).status_code for _ in range(3)
    ]

    assert answers == [400, 400, 429]
