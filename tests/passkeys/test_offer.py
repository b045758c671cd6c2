"""A passkey offered after a password, and chosen instead of one at sign-up."""

import re

import pytest
from django.contrib.auth import get_user_model
from django.core import mail
from django.test import Client as Browser

from ostiary import outbox
from passkeys.models import Credential
from tests.passkeys import flow
from tests.passkeys.authenticator import FLAG, Authenticator

pytestmark = [pytest.mark.django_db, pytest.mark.needs("accounts")]

OFFER = "/signin/passkey-offer/"


def show_password(browser, person, path="/signin/?next=/account/profile/"):
    return browser.post(path, {"identifier": person.email, "password": flow.PASSWORD})


@pytest.fixture
def able_browser(browser):
    """One whose script has told that a passkey can be made in it."""
    browser.post(flow.SIGN_IN, {"able": "1"}, headers={"accept": "application/json"})
    return browser


def test_who_signs_in_by_password_where_a_passkey_can_be_made_is_offered_one(person, able_browser):
    assert show_password(able_browser, person)["Location"] == OFFER
    assert "Make a passkey" in flow.said(able_browser.get(OFFER))
    assert flow.amr(able_browser) is None
    passkey = Authenticator()

    answer = flow.send(able_browser, OFFER, passkey.create(flow.options(able_browser, OFFER)))

    assert answer["Location"] == "/account/profile/"
    assert flow.amr(able_browser) == ["pwd"]
    assert flow.use(Browser(), passkey).status_code == 302


def test_who_declines_goes_on_and_is_not_asked_again(person, able_browser):
    show_password(able_browser, person)
    assert able_browser.post(OFFER, {"later": "1"})["Location"] == "/account/profile/"
    able_browser.post("/signout/")
    able_browser.post(flow.SIGN_IN, {"able": "1"}, headers={"accept": "application/json"})

    assert show_password(able_browser, person)["Location"] == "/account/profile/"


def test_a_browser_that_has_not_told_is_not_asked(person, browser):
    assert show_password(browser, person)["Location"] == "/account/profile/"
    assert browser.get(OFFER).status_code == 302


def test_who_only_confirms_who_they_are_is_not_asked(person, able_browser):
    flow.sign_in_by_password(able_browser, person)

    answer = show_password(able_browser, person, "/signin/?reauthenticate=1&next=/account/profile/")

    assert answer["Location"] == "/account/profile/"


def test_a_browser_that_makes_one_by_itself_touches_nobody(person, able_browser):
    show_password(able_browser, person)
    automatic = f"{OFFER}?automatic=1"
    asked = flow.options(able_browser, automatic)
    assert asked["authenticatorSelection"]["userVerification"] == "preferred"
    passkey = Authenticator(flags=FLAG.BE | FLAG.BS)

    answer = flow.send(able_browser, automatic, passkey.create(asked))

    assert answer["Location"] == "/account/profile/"
    assert not Credential.objects.get().user_verified


def test_elsewhere_somebody_has_to_be_there(person, able_browser):
    show_password(able_browser, person)
    passkey = Authenticator(flags=FLAG.BE | FLAG.BS)
    by_itself = passkey.create(flow.options(able_browser, f"{OFFER}?automatic=1"))

    assert flow.send(able_browser, OFFER, by_itself).status_code == 400
    asked = flow.options(able_browser, OFFER)
    assert flow.send(able_browser, OFFER, passkey.create(asked)).status_code == 400
    assert not Credential.objects.exists()


def ask_for_account(browser):
    """Sign up without a password; the link and the code of the mail."""
    page = "/signup/?instead=passkey&next=/account/profile/"
    assert 'name="password"' not in flow.said(browser.get(page))
    asked = browser.post(page, {"email": "carol@example.com", "next": "/account/profile/"})
    assert asked.status_code == 302
    while outbox.deliver_due():
        pass
    text = mail.outbox[-1].body
    link, code = re.search(r"http://localhost:8000(/\S+)", text), re.search(r"\d{4} \d{4}", text)
    return asked["Location"], link[1], code[0]


def test_an_account_is_made_with_a_passkey_and_no_password(browser):
    assert "Use a passkey instead of a password" in flow.said(browser.get("/signup/"))
    page, _, code = ask_for_account(browser)

    answer = browser.post(page, {"code": code})

    setup = answer["Location"]
    assert setup == f"{flow.MANAGE}?next=%2Faccount%2Fprofile%2F"
    passkey = Authenticator()
    answer = flow.send(browser, setup, passkey.create(flow.options(browser, setup)))
    assert answer["Location"] == "/account/profile/"
    assert not get_user_model().objects.get(email="carol@example.com").has_usable_password()
    stranger = Browser()
    flow.use(stranger, passkey)
    assert flow.amr(stranger) == ["hwk", "user", "mfa"]


def test_the_mailbox_alone_is_what_was_shown_at_first(browser):
    page, _, code = ask_for_account(browser)
    browser.post(page, {"code": code})

    assert flow.amr(browser) == ["email"]


def test_such_an_account_is_made_only_where_it_was_asked_for(browser):
    _, link, _ = ask_for_account(browser)
    stranger = Browser()
    stranger.get(link)

    page = stranger.post("/signup/verify/")

    assert page.status_code == 400
    assert "Go on where you began" in flow.said(page)
    assert not get_user_model().objects.filter(email="carol@example.com").exists()


def test_who_never_makes_the_passkey_gets_in_by_a_mailed_link(browser):
    page, _, code = ask_for_account(browser)
    browser.post(page, {"code": code})
    Browser().post("/recover/", {"email": "carol@example.com"})
    while outbox.deliver_due():
        pass

    assert "/recover/set/" in mail.outbox[-1].body
