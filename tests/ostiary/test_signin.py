"""The sign-in in progress: what a first factor gives, and what it doesn't."""

from datetime import timedelta

import pytest
from django.test import Client as Browser
from django.utils import timezone

from ostiary import signals, signin
from ostiary.models import Session
from tests.ostiary.conftest import PASSWORD, make_person, sign_in, who

pytestmark = pytest.mark.django_db

CODE, TERMS = "tests.ostiary.steps.Code", "tests.ostiary.steps.Terms"


@pytest.fixture
def two_factors(ostiary):
    """A site that asks for a second factor."""
    ostiary(SIGNIN_STEPS=[CODE])


@pytest.fixture
def pending_browser(two_factors, browser, person):
    """A browser in which Alice has shown her password, and no more."""
    sign_in(browser, person)
    return browser


def later(browser, seconds: float) -> None:
    """Let time pass since the first factor."""
    session = browser.session
    session[signin.SESSION_KEY]["started_at"] -= seconds
    session.save()


def test_without_steps_a_first_factor_completes_the_sign_in(browser, person):
    answer = sign_in(browser, person, next="/private/")

    assert (answer.status_code, answer["Location"]) == (302, "/private/")
    assert who(browser)["user"] == str(person.pk)
    assert who(browser)["amr"] == ["pwd"]
    assert who(browser)["acr"] == "urn:ostiary:aal1"


def test_with_steps_the_person_is_sent_to_the_first_that_is_required(two_factors, browser, person):
    assert sign_in(browser, person)["Location"].partition("?")[0] == "/code/"


def test_a_pending_sign_in_grants_nothing(pending_browser):
    assert who(pending_browser)["user"] is None
    assert pending_browser.get("/who/async/").json()["user"] is None
    assert pending_browser.get("/private/").status_code == 302
    assert "_auth_user_id" not in pending_browser.session
    assert not Session.objects.exists()


def test_a_passed_step_completes_the_sign_in_with_both_methods(pending_browser, person):
    answer = pending_browser.post("/code/")

    assert answer["Location"] == "/who/"
    assert who(pending_browser)["user"] == str(person.pk)
    assert who(pending_browser)["amr"] == ["pwd", "otp", "mfa"]
    assert who(pending_browser)["acr"] == "urn:ostiary:aal2"


def test_every_step_that_is_required_has_to_be_passed_in_order(ostiary, browser):
    ostiary(SIGNIN_STEPS=[TERMS, CODE])
    person = make_person("newterms@example.com")

    assert sign_in(browser, person)["Location"].partition("?")[0] == "/terms/"
    assert browser.get("/terms/")["Location"].partition("?")[0] == "/code/"
    assert who(browser)["user"] is None
    assert browser.post("/code/")["Location"] == "/who/"
    assert who(browser)["user"] == str(person.pk)


def test_passing_a_later_step_first_does_not_skip_the_earlier(ostiary, browser):
    ostiary(SIGNIN_STEPS=[TERMS, CODE])
    sign_in(browser, make_person("newterms@example.com"))

    assert browser.post("/code/")["Location"].partition("?")[0] == "/terms/"
    assert who(browser)["user"] is None


def test_a_step_without_a_first_factor_leads_to_the_beginning(two_factors, browser):
    assert browser.post("/code/")["Location"] == "/signin/"
    assert who(browser)["user"] is None


def test_a_pending_sign_in_expires_after_ten_minutes(pending_browser):
    later(pending_browser, 601)

    assert pending_browser.get("/code/").status_code == 403
    assert pending_browser.post("/code/")["Location"] == "/signin/"
    assert who(pending_browser)["user"] is None


def test_steps_do_not_prolong_a_pending_sign_in(ostiary, browser):
    ostiary(SIGNIN_STEPS=[TERMS, CODE])
    sign_in(browser, make_person("newterms@example.com"))
    later(browser, 400)
    browser.get("/terms/")
    later(browser, 201)

    assert browser.get("/code/").status_code == 403


def test_a_pending_sign_in_belongs_to_one_browser(pending_browser):
    assert Browser().post("/code/")["Location"] == "/signin/"


def test_a_session_key_that_was_planted_before_is_worth_nothing(two_factors, person):
    victim, attacker = Browser(), Browser()
    session = attacker.session
    session["planted"] = True
    session.save()
    attacker.cookies["ostiary_session"] = session.session_key
    victim.cookies["ostiary_session"] = session.session_key

    sign_in(victim, person)
    assert attacker.get("/code/").status_code == 403
    pending_key = victim.cookies["ostiary_session"].value
    victim.post("/code/")

    assert who(victim)["user"] == str(person.pk)
    assert who(attacker)["user"] is None
    assert len({session.session_key, pending_key, victim.cookies["ostiary_session"].value}) == 3


def test_a_disabled_persons_pending_sign_in_ends(pending_browser, person):
    type(person).objects.filter(pk=person.pk).update(is_active=False)

    assert pending_browser.post("/code/")["Location"] == "/signin/"
    assert who(pending_browser)["user"] is None


def test_a_changed_password_ends_what_the_old_one_began(pending_browser, person):
    person.set_password("another long passphrase")
    person.save()

    assert pending_browser.post("/code/")["Location"] == "/signin/"
    assert who(pending_browser)["user"] is None


def test_nothing_of_an_abandoned_sign_in_leaks_into_the_next_persons(
    ostiary, browser, person, other_person
):
    ostiary(SIGNIN_STEPS=[TERMS, CODE])
    newcomer = make_person("newterms@example.com")
    sign_in(browser, newcomer, next="/private/", remember="1")
    browser.get("/terms/")

    assert sign_in(browser, other_person)["Location"].partition("?")[0] == "/code/"
    browser.post("/code/")

    assert who(browser)["user"] == str(other_person.pk)
    assert who(browser)["amr"] == ["pwd", "otp", "mfa"]
    assert not Session.objects.get().remembered
    assert signin.SESSION_KEY not in browser.session


def test_another_persons_sign_in_ends_the_session_that_was_here(
    signed_in_browser, person, other_person
):
    first = who(signed_in_browser)["sid"]
    session = signed_in_browser.session
    session["of_alice"] = "private"
    session.save()

    sign_in(signed_in_browser, other_person)

    assert who(signed_in_browser)["user"] == str(other_person.pk)
    assert who(signed_in_browser)["sid"] != first
    assert Session.objects.get(pk=first).end_reason == "signout"
    assert "of_alice" not in signed_in_browser.session


def test_whoever_proves_again_who_they_are_keeps_their_sid_under_a_new_key(
    signed_in_browser, person
):
    before, key = who(signed_in_browser), signed_in_browser.session.session_key

    sign_in(signed_in_browser, person)

    assert who(signed_in_browser)["sid"] == before["sid"]
    assert signed_in_browser.session.session_key != key
    assert Session.objects.get().session_key == signed_in_browser.session.session_key


def test_a_reauthentication_that_is_abandoned_leaves_the_session_as_it_was(
    signed_in_browser, person, ostiary
):
    before = who(signed_in_browser)
    ostiary(SIGNIN_STEPS=[CODE])

    sign_in(signed_in_browser, person)

    assert who(signed_in_browser) == before
    assert Session.objects.get().session_key == signed_in_browser.session.session_key


def test_a_step_up_tells_the_methods_that_were_shown_now(signed_in_browser, person, ostiary):
    assert who(signed_in_browser)["acr"] == "urn:ostiary:aal1"
    ostiary(SIGNIN_STEPS=[CODE])

    sign_in(signed_in_browser, person)
    signed_in_browser.post("/code/")

    assert who(signed_in_browser)["acr"] == "urn:ostiary:aal2"
    assert Session.objects.get().amr == ["pwd", "otp", "mfa"]


@pytest.mark.parametrize(
    "foreign",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "javascript:alert(1)",
        "https:evil.example",
        "\x00/private/",
        "http://testserver@evil.example/",
    ],
)
def test_next_leads_back_into_this_site_only(browser, person, foreign):
    assert sign_in(browser, person, next=foreign)["Location"] == "/account/"


def test_the_end_of_a_sign_in_is_told_once(browser, person, two_factors):
    told = []

    def listen(sender, request, user, session, **_):
        told.append((user.pk, session.amr))

    signals.signin_completed.connect(listen)
    try:
        sign_in(browser, person)
        assert told == []
        browser.post("/code/")
    finally:
        signals.signin_completed.disconnect(listen)
    assert told == [(person.pk, ["pwd", "otp", "mfa"])]


def test_a_wrong_password_begins_nothing(browser, person):
    answer = browser.post("/signin/", {"username": person.email, "password": PASSWORD + "x"})
    assert answer.status_code == 400
    assert signin.SESSION_KEY not in browser.session


def test_auth_time_is_that_of_the_completed_sign_in(pending_browser):
    pending_browser.post("/code/")
    found = Session.objects.get()
    assert who(pending_browser)["auth_time"] == int(found.authenticated_at.timestamp())
    assert timezone.now() - found.authenticated_at < timedelta(minutes=1)
