"""Asking to be erased, thinking better of it, and what the pages say meanwhile (SECURITY F3)."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.contrib.auth import get_user_model
from django.test import Client as Browser
from django.utils import timezone

from accounts.models import MailedLink
from ostiary import erasure
from ostiary.models import Erasure, Event, Session
from ostiary.retention import Kept
from tests.accounts import flow

pytestmark = pytest.mark.django_db
ERASE, PRIVACY = "/account/privacy/erase/", "/account/privacy/"
HERE = "tests.accounts.test_erase_account"


def invoices(user):
    """A rule: what tax law requires."""
    return [Kept("Your invoices", "Tax law requires them.", until=date(2036, 12, 31))]


def court(user):
    """A rule: a legal hold."""
    return [Kept("Everything", "A court wants it.", holds=True)]


def broken(user):
    """A rule with a mistake."""
    raise RuntimeError(user.email)


@pytest.fixture
def asked(signed_in_browser, person):
    """Alice has asked; the link of the message that she got."""
    signed_in_browser.post(ERASE)
    [message] = [m for m in flow.delivered() if "will be deleted" in m.subject]
    return flow.link_in(message)


def test_the_page_says_what_goes_and_what_stays_before_anything_is_asked_for(
    signed_in_browser, person, settings
):
    settings.OSTIARY = {**settings.OSTIARY, "RETENTION_RULES": [f"{HERE}.invoices"]}

    page = signed_in_browser.get(ERASE).text

    assert "in 7 days" in page
    assert "Your invoices" in page
    assert "Until 31 Dec 2036." in page
    assert erasure.of(person) is None


def test_who_asks_is_told_when_and_how_to_keep_it(signed_in_browser, person, asked):
    page = signed_in_browser.get(PRIVACY).text

    assert "Your account will be deleted on" in page
    assert "Keep my account" in page
    assert Event.objects.filter(kind="erasure.requested").count() == 1
    assert flow.is_signed_in(signed_in_browser)


def test_c8_it_takes_a_fresh_proof_of_who_asks(signed_in_browser, person):
    session = signed_in_browser.session
    session["ostiary.assurance"] = {**session["ostiary.assurance"], "auth_time": 0}
    session.save()

    for answer in (signed_in_browser.get(ERASE), signed_in_browser.post(ERASE)):
        assert answer.status_code == 302
        assert "reauthenticate" in answer["Location"]
    assert not Erasure.objects.exists()


def test_nobody_asks_without_being_signed_in(browser, db):
    assert browser.post(ERASE)["Location"].startswith("/signin/")
    assert browser.post("/account/privacy/keep/")["Location"].startswith("/signin/")
    assert not Erasure.objects.exists()


def test_asked_for_twice_it_is_one_and_one_message(signed_in_browser, person, asked):
    signed_in_browser.post(ERASE)

    assert Erasure.objects.count() == 1
    assert len([m for m in flow.delivered() if "will be deleted" in m.subject]) == 1


def test_the_person_keeps_the_account_on_the_page(signed_in_browser, person, asked):
    page = signed_in_browser.post("/account/privacy/keep/", follow=True).text

    assert "Your account won’t be deleted." in page
    assert erasure.of(person) is None
    assert Browser().get(asked, follow=True).status_code == 400, "the link is dead with it"


def test_the_mailed_link_keeps_the_account_without_signing_in(person, asked):
    browser = Browser()
    page = browser.get(asked, follow=True)

    assert erasure.of(person), "to open it changes nothing: a mail scanner opens links too"
    assert "token" not in page.redirect_chain[-1][0]
    assert "Account deletion cancelled" in browser.post("/keep-account/").text
    assert erasure.of(person) is None
    assert flow.delivered()[-1].subject == "Account deletion at Ostiary cancelled"
    assert browser.post("/keep-account/").status_code == 400


def test_the_link_works_while_a_legal_hold_puts_it_off(person, asked, settings):
    settings.OSTIARY = {**settings.OSTIARY, "RETENTION_RULES": [f"{HERE}.court"]}
    Erasure.objects.update(due_at=timezone.now())
    erasure.run_due()
    MailedLink.objects.update(expires_at=timezone.now() + timedelta(days=1))

    browser = Browser()
    browser.get(asked)
    assert browser.post("/keep-account/").status_code == 200


def test_a_legal_hold_is_shown_to_the_person(signed_in_browser, person, settings):
    erasure.request(person)
    settings.OSTIARY = {**settings.OSTIARY, "RETENTION_RULES": [f"{HERE}.court"]}

    page = signed_in_browser.get(PRIVACY).text

    assert "A court wants it." in page
    assert "Your account will be deleted on" not in page


def test_what_would_stay_is_told_before_anybody_asks(signed_in_browser, person, settings):
    settings.OSTIARY = {**settings.OSTIARY, "RETENTION_RULES": [f"{HERE}.invoices"]}

    page = signed_in_browser.get(PRIVACY).text

    assert "Tax law requires them. Until 31 Dec 2036." in page
    assert 'href="/privacy/receipts/verify"' in page


def test_a_rule_that_fails_is_told_and_makes_no_error(signed_in_browser, person, settings):
    settings.OSTIARY = {**settings.OSTIARY, "RETENTION_RULES": [f"{HERE}.broken"]}

    for page in (PRIVACY, ERASE):
        answer = signed_in_browser.get(page)
        assert answer.status_code == 200
        assert "Nothing is deleted until then." in answer.text


def test_what_has_begun_can_not_be_kept_by_an_old_link(person, asked):
    Erasure.objects.update(state="running")
    browser = Browser()
    browser.get(asked)

    assert "has already started" in browser.post("/keep-account/").text
    assert erasure.of(person)


def test_in_the_end_nothing_of_the_person_is_left_and_the_receipt_verifies(
    signed_in_browser, person, asked
):
    key = person.pk
    Erasure.objects.update(due_at=timezone.now())
    assert erasure.run_due() == 1

    assert not get_user_model().objects.filter(pk=key).exists()
    assert not Session.objects.exists()
    assert not flow.is_signed_in(signed_in_browser)
    receipt = Erasure.objects.get().receipt
    assert receipt in flow.delivered()[-1].body
    page = Browser().post("/privacy/receipts/verify", {"receipt": receipt})
    assert "This receipt is genuine" in page.text
