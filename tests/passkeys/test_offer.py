"""A passkey offered after a password, and chosen instead of one at sign-up."""

import re

import pytest
from django.contrib.auth import get_user_model
from django.core import mail
from django.test import Client as Browser

from ostiary import events, outbox
from ostiary.signin import SESSION_KEY as PENDING
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
    assert show_password(able_browser, person)["Location"].partition("?")[0] == OFFER
    assert "Create passkey" in flow.said(able_browser.get(OFFER))
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


SET_UP = "/signin/passkey-set-up/"


def begin_account(browser):
    """Sign up without a password as far as the page on which the passkey is made."""
    page, _, code = ask_for_account(browser)
    answer = browser.post(page, {"code": code})
    assert answer["Location"].partition("?")[0] == SET_UP
    return get_user_model().objects.get(email="carol@example.com")


def make_passkey(browser, page=SET_UP):
    passkey = Authenticator()
    answer = flow.send(browser, page, passkey.create(flow.options(browser, page)))
    return passkey, answer["Location"]


def test_an_account_is_made_with_a_passkey_and_no_password(browser):
    assert "Use a passkey instead" in flow.said(browser.get("/signup/"))
    carol = begin_account(browser)

    passkey, goes_on = make_passkey(browser)

    assert goes_on == "/account/profile/"
    assert not carol.has_usable_password()
    assert flow.amr(browser) == ["email", "hwk", "user", "mfa"]
    stranger = Browser()
    flow.use(stranger, passkey)
    assert flow.amr(stranger) == ["hwk", "user", "mfa"]


def test_nobody_is_signed_in_to_an_account_to_which_they_could_not_come_back(browser):
    begin_account(browser)

    page = flow.said(browser.get(SET_UP))

    assert "without one, you can’t sign in again" in page
    assert 'href="/recover/"' in page
    assert "<nav" not in page
    assert browser.post(SET_UP, {"later": "1"}).status_code == 400
    assert browser.get("/account/")["Location"] == "/signin/?next=/account/"
    assert flow.amr(browser) is None


def test_who_leaves_half_way_is_told_at_the_next_visit_and_goes_on(browser):
    begin_account(browser)

    page = flow.said(browser.get("/signin/"))

    assert "still needs a passkey" in page
    assert f'href="{SET_UP}">Finish creating your account' in page
    _, goes_on = make_passkey(browser)
    assert goes_on == "/account/profile/"
    browser.post("/signout/")
    assert "Finish creating your account" not in flow.said(browser.get("/signin/"))


def test_once_the_sign_in_is_over_signing_up_again_finishes_the_account(browser):
    carol = begin_account(browser)
    session = browser.session
    session[PENDING]["started_at"] -= 3600
    session.save()
    assert browser.get(SET_UP)["Location"] == "/signin/"

    page = flow.said(browser.get("/signin/"))
    assert 'href="/signup/?instead=passkey">Finish creating your account' in page
    assert 'value="carol@example.com"' in flow.said(browser.get("/signup/?instead=passkey"))
    assert begin_account(browser) == carol
    passkey, _ = make_passkey(browser)

    stranger = Browser()
    flow.use(stranger, passkey)
    assert flow.amr(stranger) == ["hwk", "user", "mfa"]


def test_another_device_finishes_it_too_by_a_password_where_that_is_chosen(browser):
    """A new hash for the account that is there, and its owner is told."""
    carol = begin_account(browser)
    elsewhere = Browser()
    asked = elsewhere.post("/signup/", {"email": carol.email, "password": flow.PASSWORD})
    while outbox.deliver_due():
        pass
    code = re.search(r"\d{4} \d{4}", mail.outbox[-1].body)[0]

    answer = elsewhere.post(asked["Location"], {"code": code})

    assert answer["Location"] == "/account/"
    assert flow.amr(elsewhere) == ["pwd"]
    carol.refresh_from_db()
    assert carol.check_password(flow.PASSWORD)
    assert get_user_model().objects.count() == 1
    assert events.of(carol).filter(kind="password.changed").exists()
    # The sign-in that waited was begun on what is no more.
    assert browser.get(SET_UP)["Location"] == "/signin/"


def test_an_account_that_can_be_signed_in_to_is_never_taken_up_by_a_sign_up(browser):
    carol = begin_account(browser)
    make_passkey(browser)
    stranger = Browser()

    asked = stranger.post("/signup/", {"email": carol.email, "password": flow.PASSWORD})
    while outbox.deliver_due():
        pass

    assert "it already has one" in mail.outbox[-1].body
    assert not re.search(r"\d{4} \d{4}", mail.outbox[-1].body)
    assert stranger.post(asked["Location"], {"code": "1234 5678"}).status_code == 400
    carol.refresh_from_db()
    assert not carol.has_usable_password()


def test_a_code_that_was_mailed_before_the_passkey_was_made_takes_up_nothing(browser):
    carol = begin_account(browser)
    elsewhere = Browser()
    page, _, code = ask_for_account(elsewhere)
    make_passkey(browser)

    assert elsewhere.post(page, {"code": code}).status_code == 400

    assert flow.amr(elsewhere) is None
    assert events.of(carol).filter(kind="password.changed").count() == 0


def test_a_site_without_the_step_leads_to_the_page_of_passkeys_and_warns_until_there_is_one(
    browser, settings
):
    settings.OSTIARY = {**settings.OSTIARY, "SIGNIN_STEPS": ["ostiary.second_step.SecondStep"]}
    page, _, code = ask_for_account(browser)

    setup = browser.post(page, {"code": code})["Location"]

    assert setup == f"{flow.MANAGE}?next=%2Faccount%2Fprofile%2F"
    assert flow.amr(browser) == ["email"]
    for told in ("/account/", "/account/security/"):
        shown = flow.said(browser.get(told))
        assert "If you sign out, you’re locked out" in shown
        assert f'href="{flow.MANAGE}"' in shown
    _, goes_on = make_passkey(browser, setup)
    assert goes_on == "/account/profile/"
    assert "locked out" not in flow.said(browser.get("/account/"))


def test_such_an_account_is_made_only_where_it_was_asked_for(browser):
    _, link, _ = ask_for_account(browser)
    stranger = Browser()
    stranger.get(link)

    page = stranger.post("/signup/verify/")

    assert page.status_code == 400
    assert "Continue in your other browser" in flow.said(page)
    assert not get_user_model().objects.filter(email="carol@example.com").exists()


def test_who_never_makes_the_passkey_gets_in_by_a_mailed_link(browser):
    page, _, code = ask_for_account(browser)
    browser.post(page, {"code": code})
    Browser().post("/recover/", {"email": "carol@example.com"})
    while outbox.deliver_due():
        pass

    assert "/recover/set/" in mail.outbox[-1].body
