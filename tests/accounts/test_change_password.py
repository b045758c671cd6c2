"""Changing the password of one's own."""

from datetime import timedelta

import pytest
from django.test import Client as Browser
from django.utils import timezone

from accounts.models import RecoveryToken
from ostiary import assurance
from ostiary.models import Event, Session
from ostiary.privacy import pseudonym_of
from tests.accounts import flow

pytestmark = pytest.mark.django_db


def change(browser, current=flow.PASSWORD, new=flow.NEW_PASSWORD):
    return browser.post("/account/security/", {"current_password": current, "password": new})


def test_the_new_password_counts_from_now_on(signed_in_browser, person):
    assert change(signed_in_browser)["Location"] == "/account/security/"

    assert flow.sign_in(Browser(), person.email).status_code == 400
    assert flow.sign_in(Browser(), person.email, flow.NEW_PASSWORD).status_code == 302


@pytest.mark.django_db(transaction=True)
def test_this_session_goes_on_under_a_new_key_and_all_others_end(signed_in_browser, person):
    other = Browser()
    flow.sign_in(other, person.email)
    key = signed_in_browser.session.session_key

    change(signed_in_browser)

    assert flow.is_signed_in(signed_in_browser)
    assert not flow.is_signed_in(other)
    assert signed_in_browser.session.session_key != key
    live = Session.objects.get(ended_at__isnull=True)
    assert live.session_key == signed_in_browser.session.session_key


def test_the_session_can_still_be_ended_from_elsewhere_afterwards(signed_in_browser, person):
    change(signed_in_browser)
    phone = Browser()
    flow.sign_in(phone, person.email, flow.NEW_PASSWORD)

    phone.post("/account/sessions/others/end/")

    assert not flow.is_signed_in(signed_in_browser)


def test_the_present_password_is_asked_for(signed_in_browser, person):
    answer = change(signed_in_browser, current="a wrong password")

    assert answer.status_code == 400
    page = answer.content.decode()
    assert "That’s not your current password. Try again." in page
    assert 'aria-describedby="id_current_password_error"' in page
    person.refresh_from_db()
    assert person.check_password(flow.PASSWORD)


def test_the_new_password_has_to_be_a_good_one(signed_in_browser):
    assert "at least 15 characters" in change(signed_in_browser, new="short").content.decode()
    similar = change(signed_in_browser, new="Alice Liddell 1").content.decode()
    assert "too similar to the name" in similar


def test_who_signed_in_long_ago_signs_in_again_first(signed_in_browser):
    session = signed_in_browser.session
    session[assurance.SESSION_KEY]["auth_time"] -= 3600
    session.save()

    answer = signed_in_browser.get("/account/security/")

    assert answer["Location"] == "/signin/?next=%2Faccount%2Fsecurity%2F&reauthenticate=1"
    assert change(signed_in_browser)["Location"].startswith("/signin/")


def test_the_person_is_told_and_the_log_too(signed_in_browser, person):
    change(signed_in_browser)

    message = flow.delivered()[-1]
    assert message.to == [person.email]
    assert "If this wasn’t you" in message.body
    assert Event.objects.filter(kind="password.changed", subject=pseudonym_of(person)).count() == 1


def test_a_recovery_link_made_before_is_dead(signed_in_browser, person):
    link = flow.recovery_link(person.email)
    assert RecoveryToken.objects.get().expires_at > timezone.now() + timedelta(minutes=50)

    change(signed_in_browser)

    assert flow.recover(Browser(), link, "yet another long passphrase").status_code == 400
