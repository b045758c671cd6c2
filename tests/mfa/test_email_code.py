"""Codes by email as a second step, where the operator wants them: the least there is."""

import re

import pytest
from django.test import Client as Browser

from mfa.models import EmailDevice
from ostiary import factors, outbox
from ostiary.assurance import Level, level_of
from tests.mfa import flow, texting

pytestmark = pytest.mark.needs("accounts")

CHALLENGE = "/signin/second-step/email/"
PAGE = "/account/security/email-code/"


@pytest.fixture
def allowed(settings):
    settings.OSTIARY_MFA = {**settings.OSTIARY_MFA, "EMAIL_CODES": True}


@pytest.fixture
def device(person):
    """Alice gets codes by email."""
    return EmailDevice.objects.create(user=person, confirmed=True)


@pytest.fixture
def code(mailoutbox):
    """Reads the newest code."""

    def read():
        while outbox.deliver_due():
            pass
        found = [re.search(r"^\d{6}$", mail.body, re.MULTILINE) for mail in mailoutbox]
        return [match[0] for match in found if match][-1]

    return read


def test_it_is_set_up_by_a_code_that_arrives(allowed, browser, person, code):
    flow.show_password(browser, person.email)
    assert "weakest" in browser.get(PAGE).content.decode()
    assert browser.post(PAGE).url == f"{PAGE}code/"
    browser.get(f"{PAGE}code/")
    assert not factors.factors_of(person)
    browser.post(f"{PAGE}code/", {"code": code()})
    assert factors.factors_of(person) == ["Email code"]


def test_a_code_completes_the_sign_in_which_stays_one_by_one_factor(browser, device, person, code):
    assert flow.show_password(browser, person.email).url == CHALLENGE
    assert browser.get(CHALLENGE).status_code == 200
    assert not flow.is_signed_in(browser)

    assert browser.post(CHALLENGE, {"code": code()}).url == "/account/"

    amr = browser.session["ostiary.assurance"]["amr"]
    assert amr == ["pwd", "email"]
    assert level_of(amr) is Level.AAL1


def test_a_wrong_code_and_one_of_another_browser_are_refused(browser, device, person, code):
    flow.show_password(browser, person.email)
    browser.get(CHALLENGE)
    right = code()
    assert browser.post(CHALLENGE, {"code": texting.wrong(right)}).status_code == 400
    other = Browser()
    flow.show_password(other, person.email)
    assert other.post(CHALLENGE, {"code": right}).status_code == 400
    assert browser.post(CHALLENGE, {"code": right}).status_code == 302


def test_where_the_operator_does_not_want_it_nobody_sets_it_up_and_who_has_it_keeps_it(
    browser, device, person, other_person, code
):
    flow.show_password(browser, person.email)
    browser.get(CHALLENGE)
    browser.post(CHALLENGE, {"code": code()})
    assert flow.is_signed_in(browser)
    assert browser.get(PAGE).status_code == 200

    other = Browser()
    flow.show_password(other, other_person.email)
    assert other.get(PAGE).status_code == 404
    assert other.post(f"{PAGE}code/").url == PAGE
    assert PAGE not in other.get("/account/security/").content.decode()


def test_an_operator_needs_two_factors_which_it_does_not_make(allowed, browser, person):
    flow.show_password(browser, person.email)
    assert browser.get(PAGE).status_code == 200
    person.is_staff = True
    person.save()
    assert browser.get(PAGE).status_code == 404


def test_it_is_not_asked_of_who_has_just_signed_in_by_mail(browser, device, person, settings, code):
    settings.OSTIARY_ACCOUNTS = {**settings.OSTIARY_ACCOUNTS, "PASSWORDLESS_EMAIL": True}
    browser.post("/signin/email/", {"email": person.email})
    while outbox.deliver_due():
        pass
    from django.core import mail

    typed = re.search(r"^\d{4} \d{4}$", mail.outbox[-1].body, re.MULTILINE)[0]
    assert browser.post("/signin/email/code/", {"code": typed}).url == "/account/"
    assert browser.session["ostiary.assurance"]["amr"] == ["email"]


def test_it_is_not_offered_beside_a_text_message(browser, device, person, phone):
    assert flow.show_password(browser, person.email).url == texting.CHALLENGE
    assert CHALLENGE not in browser.get(texting.CHALLENGE).content.decode()
    assert browser.get(CHALLENGE).url == texting.CHALLENGE


def test_another_message_can_be_had_and_its_code_is_the_one_that_counts(
    browser, device, person, code, clock, counted_here
):
    flow.show_password(browser, person.email)
    browser.get(CHALLENGE)
    first = code()
    assert browser.post(CHALLENGE, {"resend": "1"}).status_code == 429
    clock.advance(31)
    assert browser.post(CHALLENGE, {"resend": "1"}).url == CHALLENGE
    second = code()
    assert first == second or browser.post(CHALLENGE, {"code": first}).status_code == 400
    assert browser.post(CHALLENGE, {"code": second}).status_code == 302


def test_it_is_removed_with_a_password_that_can_stand_alone(browser, device, person, code):
    flow.show_password(browser, person.email)
    browser.get(CHALLENGE)
    browser.post(CHALLENGE, {"code": code()})
    assert browser.get(f"{PAGE}remove/").status_code == 200
    browser.post(f"{PAGE}remove/", {"password": flow.PASSWORD})
    assert not factors.factors_of(person)
