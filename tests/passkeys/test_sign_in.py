"""Signing in by a passkey: alone, as the second step, and to confirm who somebody is."""

from datetime import timedelta

import pytest
from django.test import Client as Browser
from django.utils import timezone

from ostiary.models import Event, Session
from passkeys.models import Ceremony, Credential
from tests.passkeys import flow
from tests.passkeys.authenticator import PRESENT, Authenticator
from tests.passkeys.conftest import with_passkey

pytestmark = pytest.mark.django_db


def test_one_gesture_signs_a_person_in_with_neither_name_nor_password(passkey, person, browser):
    answer = flow.use(browser, passkey, flow.at(flow.SIGN_IN, next="/account/profile/"))

    assert (answer.status_code, answer["Location"]) == (302, "/account/profile/")
    assert flow.amr(browser) == ["hwk", "user", "mfa"]
    session = Session.objects.filter(user=person).latest("created_at")
    assert session.amr == ["hwk", "user", "mfa"]
    assert Credential.objects.get().last_used_at is not None


def test_a_synced_passkey_says_that_it_is_one(synced_passkey, browser):
    flow.use(browser, synced_passkey)

    assert flow.amr(browser) == ["swk", "user", "mfa"]


def test_any_passkey_is_asked_for_and_the_user_must_be_verified(passkey, browser):
    asked = flow.options(browser, flow.SIGN_IN)

    assert asked["allowCredentials"] == []
    assert asked["userVerification"] == "required"
    assert asked["rpId"] == "localhost"


def test_who_wants_to_stay_signed_in_does(passkey, person, browser):
    answer = passkey.get(flow.options(browser, flow.SIGN_IN))
    flow.send(browser, flow.SIGN_IN, answer, remember="on")

    assert Session.objects.filter(user=person).latest("created_at").remembered


def test_an_unverified_user_is_refused_and_told_what_to_do(passkey, browser):
    page = flow.use(browser, passkey, flags=PRESENT)

    assert page.status_code == 400
    assert "Set up a PIN" in flow.said(page)
    assert flow.amr(browser) is None
    assert Event.objects.filter(kind="passkey.refused").get().details == {
        "code": "user_verification"
    }


def test_a_passkey_that_nobody_has_is_refused_and_the_browser_is_to_forget_it(browser):
    stranger = Authenticator(user_handle=b"nobody")
    page = flow.use(browser, stranger)

    assert page.status_code == 400
    assert "signalUnknownCredential" in flow.said(page)
    assert stranger.id in flow.said(page)


def test_a_passkey_with_another_persons_handle_is_refused_and_not_forgotten(passkey, browser):
    page = flow.use(browser, passkey, user_handle=b"somebody else")

    assert page.status_code == 400
    assert "signalUnknownCredential" not in flow.said(page)


def test_somebody_switched_off_does_not_get_in(passkey, person, browser):
    person.is_active = False
    person.save()

    page = flow.use(browser, passkey)

    assert page.status_code == 400
    assert "deactivated" in flow.said(page)
    assert flow.amr(browser) is None


def test_a_challenge_is_taken_once(passkey, browser):
    asked = flow.options(browser, flow.SIGN_IN)
    answer = passkey.get(asked)
    assert flow.send(browser, flow.SIGN_IN, answer).status_code == 302
    browser.logout()

    assert flow.send(browser, flow.SIGN_IN, answer).status_code == 400


def test_an_answer_from_another_browser_is_refused(passkey, browser):
    answer = passkey.get(flow.options(browser, flow.SIGN_IN))
    stranger = Browser()
    flow.options(stranger, flow.SIGN_IN)

    assert flow.send(stranger, flow.SIGN_IN, answer).status_code == 400
    assert flow.send(browser, flow.SIGN_IN, answer).status_code == 302


@pytest.mark.parametrize("sent", [{}, {"answer": ""}, {"answer": "{"}, {"answer": "[" * 5000}])
def test_a_form_without_an_answer_says_so(browser, sent):
    page = browser.post(flow.SIGN_IN, sent)

    assert page.status_code == 400
    assert 'role="alert"' in flow.said(page)


def test_to_confirm_who_they_are_people_use_a_passkey_of_theirs(
    passkey, person, other_person, browser
):
    others = with_passkey(other_person)
    flow.sign_in_by_password(browser, person)
    sid = browser.session["ostiary.assurance"]["sid"]
    path = flow.at(flow.SIGN_IN, reauthenticate="1", next="/account/security/")
    assert [each["id"] for each in flow.options(browser, path)["allowCredentials"]] == [passkey.id]

    assert flow.use(browser, others, path).status_code == 400
    assert flow.amr(browser) == ["pwd"]
    assert flow.use(browser, passkey, path)["Location"] == "/account/security/"

    assert flow.amr(browser) == ["hwk", "user", "mfa"]
    assert browser.session["ostiary.assurance"]["sid"] == sid


def test_who_uses_another_account_does_so_by_any_passkey(passkey, person, other_person, browser):
    others = with_passkey(other_person)
    flow.sign_in_by_password(browser, person)
    path = flow.at(flow.SIGN_IN, reauthenticate="1", another="1", next="/account/")
    assert not flow.options(browser, path).get("allowCredentials")

    assert flow.use(browser, others, path)["Location"] == "/account/"

    assert browser.get("/account/").context["user"] == other_person


def test_an_answer_for_signing_in_does_not_confirm_who_somebody_is(passkey, person, browser):
    answer = passkey.get(flow.options(browser, flow.SIGN_IN))
    flow.sign_in_by_password(browser, person)

    again = flow.at(flow.SIGN_IN, reauthenticate="1")
    assert flow.send(browser, again, answer).status_code == 400


def test_who_has_no_passkey_confirms_in_another_way(signed_in_browser):
    answer = signed_in_browser.get(flow.at(flow.SIGN_IN, reauthenticate="1", next="/account/"))

    assert answer.status_code == 302
    assert answer["Location"].endswith("?reauthenticate=1&next=%2Faccount%2F")


def test_people_who_are_signed_in_are_sent_on(signed_in_browser):
    assert signed_in_browser.get(flow.at(flow.SIGN_IN, next="/"))["Location"] == "/"


@pytest.mark.needs("accounts")
def test_after_the_password_a_passkey_is_the_second_step(passkey, person, browser):
    told = {"identifier": person.email, "password": flow.PASSWORD}
    answer = browser.post("/signin/?next=/account/profile/", told)
    assert answer["Location"].partition("?")[0] == flow.SECOND_STEP
    assert browser.get("/account/").status_code == 302
    page = browser.get(flow.SECOND_STEP)
    assert "Use a passkey" in flow.said(page)
    asked = flow.options(browser, flow.SECOND_STEP)
    assert [each["id"] for each in asked["allowCredentials"]] == [passkey.id]

    answer = flow.send(browser, flow.SECOND_STEP, passkey.get(asked))

    assert answer["Location"] == "/account/profile/"
    assert flow.amr(browser) == ["pwd", "hwk", "user", "mfa"]


@pytest.mark.needs("accounts")
def test_a_plain_security_key_beside_the_password_does_where_the_operator_says_so(
    settings, passkey, person, browser
):
    settings.OSTIARY_PASSKEYS = {"USER_VERIFICATION": "preferred"}
    told = {"identifier": person.email, "password": flow.PASSWORD}
    browser.post("/signin/", told)

    flow.use(browser, passkey, flow.SECOND_STEP, flags=PRESENT)

    assert flow.amr(browser) == ["pwd", "hwk", "mfa"]
    assert flow.use(Browser(), passkey, flags=PRESENT).status_code == 400


@pytest.mark.needs("accounts")
def test_anothers_passkey_is_no_second_step(passkey, person, other_person, browser):
    others = with_passkey(other_person)
    told = {"identifier": person.email, "password": flow.PASSWORD}
    browser.post("/signin/", told)

    assert flow.use(browser, others, flow.SECOND_STEP).status_code == 400
    assert flow.amr(browser) is None


def test_the_second_step_is_for_those_who_are_asked_for_it(passkey, browser):
    assert browser.get(flow.SECOND_STEP).status_code == 302
    assert browser.post(flow.SECOND_STEP, headers={"accept": "application/json"}).status_code == 302


def test_who_asks_for_too_many_challenges_is_told_to_wait(settings, browser):
    settings.OSTIARY = {**settings.OSTIARY, "THROTTLES": {"passkey": {"ip": "1/hour"}}}
    flow.options(browser, flow.SIGN_IN)

    answer = browser.post(flow.SIGN_IN, headers={"accept": "application/json"})

    assert answer.status_code == 429
    assert Ceremony.objects.count() == 1


@pytest.mark.needs("accounts")
def test_the_sign_in_page_offers_passkeys_and_takes_along_where_the_person_was_going(browser):
    page = flow.said(browser.get("/signin/?next=/account/profile/"))

    assert 'autocomplete="username webauthn"' in page
    assert 'action="/signin/passkey/?next=%2Faccount%2Fprofile%2F"' in page
    assert 'href="/signin/passkey/?next=%2Faccount%2Fprofile%2F"' in page
    assert "passkeys.js" in page


@pytest.mark.needs("accounts")
def test_who_signs_in_by_a_passkey_needs_the_way_back_in_no_more(passkey, person, browser):
    from accounts.models import FactorRecovery

    now = timezone.now()
    FactorRecovery.objects.create(
        user=person,
        begun_at=now,
        ready_at=now + timedelta(days=1),
        expires_at=now + timedelta(days=2),
        told_at=now,
    )

    flow.use(browser, passkey)

    assert not FactorRecovery.objects.exists()


@pytest.mark.needs("mfa")
def test_django_otp_takes_who_showed_a_passkey_for_verified(passkey, person, browser):
    def is_verified():
        return browser.get("/account/").wsgi_request.user.is_verified()

    flow.sign_in_by_password(browser, person)
    assert not is_verified()

    flow.use(browser, passkey, flow.at(flow.SIGN_IN, reauthenticate="1"))
    assert is_verified()

    flow.sign_in_by_password(browser, person)
    assert not is_verified()
