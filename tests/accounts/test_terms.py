"""The terms of use: accepted at sign-up, and again when their version rises."""

import re
from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.test import Client as Browser
from django.utils import timezone

from accounts import personal_data, terms
from accounts.checks import check_settings, check_terms_step
from accounts.models import Invitation, PendingRegistration, TermsAcceptance
from ostiary import privacy
from ostiary.models import Event
from ostiary.privacy import pseudonym_of
from tests.accounts import flow
from tests.accounts.test_admin import operator
from tests.accounts.test_invitations import accept, invite
from tests.parallel import at_once

pytestmark = pytest.mark.django_db

User = get_user_model()
CAROL = "carol@example.com"


@pytest.fixture
def rise(settings):
    """Puts terms of a version into force."""

    def run(version):
        url = "https://example.com/terms?a=1&b=2"
        steps = {"SIGNIN_STEPS": [terms.STEP]}
        settings.OSTIARY = {**settings.OSTIARY, **steps, "TERMS_URL": url}
        settings.OSTIARY_ACCOUNTS = {**settings.OSTIARY_ACCOUNTS, "TERMS_VERSION": version}

    return run


def accepted():
    return list(TermsAcceptance.objects.order_by("id").values_list("user__email", "version"))


def test_without_terms_nobody_is_asked(browser):
    assert 'name="terms"' not in browser.get("/signup/").content.decode()
    flow.sign_up(browser, CAROL)

    assert accepted() == []


def test_they_are_accepted_at_sign_up_with_version_and_date(browser, rise):
    rise("1")
    form = browser.get("/signup/").content.decode()
    assert "href='https://example.com/terms?a=1&amp;b=2'" in form
    assert 'type="checkbox" name="terms" value="1" required' in form
    asked_at = timezone.now()

    answer = flow.sign_up(browser, CAROL, terms="1", next="/account/profile/")

    assert answer["Location"] == "/account/profile/"
    assert flow.is_signed_in(browser)
    assert accepted() == [(CAROL, "1")]
    kept = TermsAcceptance.objects.get()
    assert asked_at <= kept.accepted_at <= timezone.now()
    event = Event.objects.get(kind="terms.accepted")
    assert (event.subject, event.details) == (pseudonym_of(kept.user), {"version": "1"})


def test_without_the_tick_there_is_no_sign_up_and_the_page_says_why(browser, rise):
    rise("1")

    answer = flow.ask_for_account(browser, CAROL)

    assert answer.status_code == 400
    assert "Accept the terms of use to continue." in answer.content.decode()
    assert not PendingRegistration.objects.exists()


def test_what_is_accepted_is_the_version_that_was_shown(browser, rise):
    rise("1")
    browser.get("/signup/")
    rise("2")

    answer = flow.ask_for_account(browser, CAROL, terms="1")

    page = answer.content.decode()
    assert answer.status_code == 400
    assert "The terms of use have just changed." in page
    assert re.search(r'name="terms" value="2"[^>]* required', page)
    assert not re.search(r'name="terms"[^>]* checked', page)
    assert not PendingRegistration.objects.exists()
    flow.sign_up(browser, CAROL, terms="2")
    assert accepted() == [(CAROL, "2")]


def test_who_accepted_terms_that_rise_before_the_link_is_opened_is_asked_again(browser, rise):
    rise("1")
    flow.ask_for_account(browser, CAROL, terms="1")
    rise("2")
    browser.get(flow.link_in(flow.delivered()[-1]))

    answer = browser.post("/signup/verify/")

    assert accepted() == [(CAROL, "1")]
    assert answer["Location"] == "/signin/terms/"


def test_an_invitation_is_accepted_with_the_version_that_was_shown(rise):
    rise("1")
    link = invite(operator(is_superuser=True))
    rise("2")

    assert accept(Browser(), link, terms="1").status_code == 400
    assert not User.objects.filter(email=CAROL).exists()


@pytest.mark.parametrize("sent", ["on", "true", "0", " ", "1\x00", "é" * 5000])
def test_a_tick_for_no_version_accepts_nothing(browser, rise, sent):
    rise("1")

    assert flow.ask_for_account(browser, CAROL, terms=sent).status_code == 400
    assert not PendingRegistration.objects.exists()


def test_a_tick_stays_while_something_else_is_corrected(browser, rise):
    rise("1")

    page = flow.ask_for_account(browser, "no address", terms="1").content.decode()

    assert re.search(r'name="terms" value="1"[^>]* checked', page)


def test_a_sign_in_without_password_is_asked_too(browser, person, rise, settings):
    rise("1")
    settings.OSTIARY_ACCOUNTS = {**settings.OSTIARY_ACCOUNTS, "PASSWORDLESS_EMAIL": True}
    browser.post("/signin/email/", {"email": person.email})
    code = flow.code_in(flow.delivered()[-1])

    answer = browser.post("/signin/email/code/", {"code": code})

    assert answer["Location"] == "/signin/terms/"
    assert not flow.is_signed_in(browser)


def test_who_is_invited_accepts_them_too(rise):
    rise("1")
    TermsAcceptance.objects.all().delete()
    rise("")
    link = invite(operator(is_superuser=True))
    rise("1")

    assert accept(Browser(), link).status_code == 400
    assert accept(Browser(), link, terms="1").status_code == 302
    assert accepted() == [(CAROL, "1")]


def test_when_the_version_rises_the_next_sign_in_asks(browser, person, rise):
    rise("1")
    TermsAcceptance.objects.create(user=person, version="1", accepted_at=timezone.now())
    assert flow.sign_in(browser, person.email)["Location"] == "/account/"
    rise("2")

    answer = flow.sign_in(Browser(), person.email)
    assert answer["Location"] == "/signin/terms/"
    browser = Browser()
    flow.sign_in(browser, person.email, next="/account/profile/")
    page = browser.get("/signin/terms/").content.decode()
    assert "version 2" in page
    assert "https://example.com/terms?a=1&amp;b=2" in page
    assert not flow.is_signed_in(browser)
    assert browser.post("/signin/terms/", {}).status_code == 200
    assert not flow.is_signed_in(browser)
    answer = browser.post("/signin/terms/", {"decision": "accept", "version": "2"})

    assert answer["Location"] == "/account/profile/"
    assert flow.is_signed_in(browser)
    assert accepted() == [(person.email, "1"), (person.email, "2")]
    assert flow.sign_in(Browser(), person.email)["Location"] == "/account/"


def test_a_version_that_rose_while_the_page_was_read_is_shown_and_not_taken_as_read(
    browser, person, rise
):
    rise("1")
    flow.sign_in(browser, person.email)
    rise("2")

    answer = browser.post("/signin/terms/", {"decision": "accept", "version": "1"})

    assert answer.status_code == 200
    assert "version 2" in answer.content.decode()
    assert accepted() == []


def test_who_declines_is_told_politely_and_is_not_signed_in(browser, person, rise):
    rise("1")
    flow.sign_in(browser, person.email, next="/account/profile/")

    answer = browser.post("/signin/terms/", {"decision": "decline"})

    page = answer.content.decode()
    assert "You declined the terms of use. Your account hasn’t changed" in page
    assert 'href="/signin/?next=%2Faccount%2Fprofile%2F"' in page
    assert not flow.is_signed_in(browser)
    assert browser.get("/signin/terms/")["Location"] == "/signin/"
    assert accepted() == []
    assert Event.objects.filter(kind="terms.declined", subject=pseudonym_of(person)).count() == 1


def test_who_declines_when_confirming_who_they_are_is_signed_out(browser, person, rise):
    flow.sign_in(browser, person.email)
    rise("1")
    flow.sign_in(browser, person.email, reauthenticate="1")

    browser.post("/signin/terms/", {"decision": "decline"})

    assert not flow.is_signed_in(browser)


def test_a_stranger_is_sent_to_sign_in(browser, rise):
    rise("1")

    assert browser.get("/signin/terms/")["Location"] == "/signin/"
    sent = browser.post("/signin/terms/", {"decision": "accept", "version": "1"})
    assert sent["Location"] == "/signin/"
    assert accepted() == []


@pytest.mark.django_db(transaction=True)
def test_parallel_acceptances_are_one(person):
    at_once(lambda: terms.accept(person, "1"), ways=10)

    assert accepted() == [(person.email, "1")]
    assert Event.objects.filter(kind="terms.accepted").count() == 1


# --- what is told and erased ---------------------------------------------------------------------


def test_a_person_is_told_what_they_accepted_and_nothing_of_others(person, other_person):
    now = timezone.now()
    terms.accept(person, "1", now)
    terms.accept(other_person, "2", now)
    Invitation.objects.create(
        token_hash="a", email="ALICE@example.com", name="Alice", expires_at=now
    )
    Invitation.objects.create(token_hash="b", email="x@example.com", name="X", expires_at=now)

    told = personal_data.export(person)

    assert told["terms_accepted"] == [{"version": "1", "accepted_at": now}]
    assert [each["name"] for each in told["invitations"]] == ["Alice"]
    assert personal_data.export in privacy.exporters()


def test_all_of_it_is_erased_and_nothing_of_others(person, other_person):
    later = timezone.now() + timedelta(hours=1)
    for user, key in ((person, "a"), (other_person, "b")):
        terms.accept(user, "1")
        Invitation.objects.create(token_hash=key, email=user.email.upper(), expires_at=later)
        Invitation.objects.create(
            token_hash=key * 2,
            email=f"{key}@example.net",
            accepted_by=user,
            accepted_at=later,
            expires_at=later,
        )
        PendingRegistration.objects.create(token_hash=key, email=user.email, expires_at=later)

    assert "ostiary_accounts" in dict(privacy.named_erasers())
    personal_data.erase(person)

    assert accepted() == [(other_person.email, "1")]
    assert set(Invitation.objects.values_list("token_hash", flat=True)) == {"b", "bb"}
    assert PendingRegistration.objects.get().token_hash == "b"


# --- what the checks say -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("version", "url", "wrong"),
    [
        ("1", "https://example.com/terms", []),
        ("1", "/terms/", []),
        ("1", "", ["TERMS_VERSION"]),
        ("1" * 41, "/terms/", ["TERMS_VERSION"]),
        ("", "", []),
    ],
)
def test_terms_that_nobody_can_read_are_told_by_the_checks(settings, version, url, wrong):
    settings.OSTIARY_ACCOUNTS = {"TERMS_VERSION": version}
    settings.OSTIARY = {**settings.OSTIARY, "TERMS_URL": url}

    found = [problem.msg.split("'")[1] for problem in check_settings(None)]

    assert found == wrong


def test_terms_that_are_never_asked_again_are_told_by_the_checks(settings, rise):
    assert check_terms_step(None) == []
    rise("1")
    assert check_terms_step(None) == []
    settings.OSTIARY = {**settings.OSTIARY, "SIGNIN_STEPS": []}
    assert [problem.id for problem in check_terms_step(None)] == ["ostiary_accounts.W004"]
