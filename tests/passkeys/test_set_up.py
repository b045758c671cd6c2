"""A passkey made in a sign-in that asks for one or for a second factor (SECURITY C7, E1, G1)."""

import re

import pytest
from django.test import Client as Browser

from ostiary.assurance import Level
from ostiary.signin import SESSION_KEY as PENDING
from passkeys.models import Credential
from tests.accounts.flow import delivered
from tests.passkeys import flow
from tests.passkeys.authenticator import FLAG, SYNCED, Authenticator

pytestmark = [pytest.mark.django_db, pytest.mark.needs("accounts")]

SET_UP = "/signin/passkey-set-up/"
ENROL = "/signin/second-step/set-up/"
CODES = "/account/security/recovery-codes/?next="
PHR = {"acr_values": "phr", "next": "/account/profile/"}
WITH_MFA = pytest.mark.needs("mfa")


def show_password(browser, person, **query):
    given = {"identifier": person.email, "password": flow.PASSWORD}
    return browser.post("/signin/", given, query_params=query)["Location"].partition("?")[0]


def make(browser, passkey=None, path=SET_UP):
    """Make a passkey on the page."""
    passkey = passkey or Authenticator()
    return flow.send(browser, path, passkey.create(flow.options(browser, path)))


@pytest.fixture
def operator(person):
    """Alice, who looks after the site."""
    person.is_staff = person.is_superuser = True
    person.save()
    return person


@pytest.fixture
def alone(settings):
    """A site on which no other app has people set up a factor."""
    steps = ["ostiary.second_step.SecondStep", "passkeys.set_up.PasskeySetUp"]
    settings.OSTIARY = {**settings.OSTIARY, "SIGNIN_STEPS": steps}


@WITH_MFA
def test_where_a_second_factor_is_required_a_passkey_is_offered_first(browser, person, settings):
    settings.OSTIARY_MFA = {"SECOND_FACTOR": "required", "ENROLMENT_GRACE_DAYS": 0}
    assert show_password(browser, person, next="/account/profile/") == ENROL
    page = flow.said(browser.get(ENROL))
    assert page.index(f'href="{SET_UP}"') < page.index('href="/account/security/app/"')
    assert f'href="{ENROL}"' in flow.said(browser.get(SET_UP))
    assert flow.amr(browser) is None
    passkey = Authenticator()

    answer = make(browser, passkey)

    assert answer["Location"] == f"{CODES}%2Faccount%2Fprofile%2F"
    assert browser.get(answer["Location"]).status_code == 200
    assert flow.amr(browser) == ["pwd", "hwk", "user", "mfa"]
    assert flow.use(Browser(), passkey).status_code == 302


@pytest.mark.parametrize("page", ["/signin/passkey/", SET_UP])
def test_the_pages_on_which_one_waits_for_a_press_open_at_it(browser, operator, alone, page):
    show_password(browser, operator)
    text = flow.said((Browser() if page != SET_UP else browser).get(page))

    assert text.count("autofocus") == 1
    assert re.search(r'class="button button-primary" autofocus', text)


@WITH_MFA
def test_g1_an_operator_makes_a_passkey_and_is_in_the_administration(browser, operator):
    assert show_password(browser, operator, next="/admin/") == ENROL

    make(browser)

    assert browser.get("/admin/").status_code == 200


def test_g1_also_where_no_other_app_keeps_second_factors(browser, operator, alone):
    assert show_password(browser, operator, next="/account/profile/") == SET_UP
    page = flow.said(browser.get(SET_UP))
    assert "Administrators need more than a password" in page
    assert "Not now" not in page
    assert browser.post(SET_UP, {"later": "1"}).status_code == 400
    assert flow.amr(browser) is None

    assert make(browser)["Location"] == "/account/profile/"

    assert flow.amr(browser) == ["pwd", "hwk", "user", "mfa"]


def enter_mailed_code(browser, person):
    """Sign in by a code that is mailed, without a password."""
    browser.post("/signin/email/", {"email": person.email, "next": "/admin/"})
    code = re.search(r"\d{4} \d{4}", delivered()[-1].body)[0]
    return browser.post("/signin/email/code/", {"code": code})["Location"].partition("?")[0]


@WITH_MFA
def test_g1_an_operator_who_has_but_their_mailbox_makes_a_passkey_too(browser, operator, settings):
    settings.OSTIARY_ACCOUNTS = {**settings.OSTIARY_ACCOUNTS, "PASSWORDLESS_EMAIL": True}
    assert enter_mailed_code(browser, operator) == ENROL
    assert flow.amr(browser) is None
    page = flow.said(browser.get(ENROL))
    assert f'href="{SET_UP}"' in page
    assert "email" not in re.findall(r'href="/account/security/([^"/]*)', page)

    make(browser)

    assert flow.amr(browser) == ["email", "hwk", "user", "mfa"]
    assert browser.get("/admin/").status_code == 200


def test_g1_also_by_the_mailbox_where_no_other_app_keeps_any(browser, operator, alone, settings):
    settings.OSTIARY_ACCOUNTS = {**settings.OSTIARY_ACCOUNTS, "PASSWORDLESS_EMAIL": True}

    assert enter_mailed_code(browser, operator) == SET_UP

    assert flow.amr(browser) is None
    assert browser.post(SET_UP, {"later": "1"}).status_code == 400


def test_others_are_asked_for_nothing_there(browser, person, alone):
    assert show_password(browser, person, next="/account/profile/") == "/account/profile/"


def test_an_application_that_wants_two_factors_has_one_made_there(browser, person, alone):
    asked = {**PHR, "acr_values": Level.AAL2.value}
    assert show_password(browser, person, **asked) == SET_UP


def test_who_is_asked_for_what_resists_phishing_and_has_no_passkey_makes_one(browser, person):
    assert show_password(browser, person, **PHR) == SET_UP
    assert "The application" in flow.said(browser.get(SET_UP))

    assert make(browser, Authenticator(flags=SYNCED))["Location"] == "/account/profile/"

    assert flow.amr(browser) == ["pwd", "swk", "user", "mfa"]


def test_or_goes_on_without_and_is_asked_no_more_in_this_sign_in(browser, person):
    browser.post(flow.SIGN_IN, {"able": "1"}, headers={"accept": "application/json"})
    show_password(browser, person, **PHR)

    assert browser.post(SET_UP, {"later": "1"})["Location"] == "/account/profile/"

    assert flow.amr(browser) == ["pwd"]
    assert browser.get(SET_UP)["Location"] == "/signin/"


def test_who_would_do_with_less_is_not_asked_for_a_passkey(browser, person):
    asked = {**PHR, "acr_values": f"phr {Level.AAL1.value}"}
    assert show_password(browser, person, **asked) == "/account/profile/"


def test_who_has_one_is_asked_for_it_and_makes_no_other(browser, passkey, person):
    assert show_password(browser, person, **PHR) == flow.SECOND_STEP
    assert browser.get(SET_UP)["Location"] == "/signin/"
    assert browser.post(SET_UP, headers={"accept": "application/json"})["Location"] == "/signin/"

    flow.use(browser, passkey, flow.SECOND_STEP)

    assert flow.amr(browser) == ["pwd", "hwk", "user", "mfa"]


def test_c7_who_makes_one_is_anonymous_until_it_is_made(browser, person):
    show_password(browser, person, **PHR)
    flow.options(browser, SET_UP)

    assert browser.get("/account/profile/")["Location"].startswith("/signin/")
    assert browser.get(flow.MANAGE)["Location"].startswith("/signin/")
    assert "_auth_user_id" not in browser.session


def test_a_visitor_finds_no_page_to_make_one(browser, db):
    assert browser.get(SET_UP)["Location"] == "/signin/"


def test_h7_a_challenge_is_of_the_person_the_browser_and_the_purpose(browser, person, other_person):
    show_password(browser, person, **PHR)
    passkey = Authenticator()
    answer = passkey.create(flow.options(browser, SET_UP))
    elsewhere = Browser()
    show_password(elsewhere, person, **PHR)
    assert flow.send(elsewhere, SET_UP, answer).status_code == 400
    show_password(browser, other_person, **PHR)
    assert flow.send(browser, SET_UP, answer).status_code == 400
    assert browser.session[PENDING]["user_id"] == str(other_person.pk)

    signed_in = Browser()
    flow.sign_in_by_password(signed_in, person)
    of_another_page = passkey.create(flow.options(signed_in, flow.MANAGE))
    show_password(signed_in, person, **PHR, reauthenticate="1")
    assert flow.send(signed_in, SET_UP, of_another_page).status_code == 400

    assert not Credential.objects.exists()


@WITH_MFA
def test_who_has_an_app_shows_it_before_they_make_a_passkey(browser, person):
    from mfa.models import AuthenticatorApp
    from tests.mfa.flow import code_of

    app = AuthenticatorApp.objects.create(
        user=person, key=AuthenticatorApp.new_key(), confirmed=True
    )
    assert show_password(browser, person, **PHR) == "/signin/second-step/app/"
    assert browser.get(SET_UP)["Location"] == "/signin/"

    answer = browser.post("/signin/second-step/app/", {"code": code_of(app)})

    assert answer["Location"].partition("?")[0] == SET_UP
    make(browser)
    assert flow.amr(browser) == ["pwd", "otp", "hwk", "user", "mfa"]


def test_a_key_that_was_only_touched_is_one_beside_the_password(browser, person, settings):
    settings.OSTIARY_PASSKEYS = {"USER_VERIFICATION": "preferred"}
    show_password(browser, person, **PHR)

    make(browser, Authenticator(flags=FLAG.UP))

    assert flow.amr(browser) == ["pwd", "hwk", "mfa"]


def test_a_signed_in_person_without_a_passkey_steps_up_by_making_one(signed_in_browser, person):
    asked = {**PHR, "reauthenticate": "1"}
    assert show_password(signed_in_browser, person, **asked) == SET_UP

    assert make(signed_in_browser)["Location"] == "/account/profile/"

    assert flow.amr(signed_in_browser) == ["pwd", "hwk", "user", "mfa"]
