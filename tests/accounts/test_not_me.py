"""Messages about the account, and “This wasn’t me” in them (SECURITY C9)."""

import re

import pytest
from django.test import Client as Browser
from django.utils import timezone

from accounts import cleanup, not_me
from accounts.models import NotMeLink
from ostiary.models import Event, Session
from ostiary.notifications import notify
from ostiary.privacy import pseudonym_of
from tests.accounts import flow
from tests.accounts.conftest import make_person
from tests.parallel import at_once

pytestmark = pytest.mark.django_db


@pytest.fixture
def link(person):
    """The link of a message about Alice's account."""
    notify(person, "password_changed")
    return flow.link_in(flow.delivered()[-1])


def press(browser: Browser, link: str):
    """Open the link, and press the button."""
    browser.get(link)
    return browser.post("/not-me/")


def test_a_sign_in_on_a_new_device_is_told(signed_in_browser, person):
    flow.sign_in(Browser(headers={"user-agent": "Mozilla/5.0 (Windows) Chrome/1"}), person.email)

    [told] = flow.delivered()
    assert told.to == ["alice@example.com"]
    assert told.subject == "New sign-in to Ostiary"
    assert "Chrome on Windows" in told.body
    assert "127.0.0.1" in told.body


def test_a_known_device_and_the_very_first_sign_in_are_not_told(signed_in_browser, person):
    signed_in_browser.post("/signout/")
    flow.sign_in(signed_in_browser, person.email)

    assert flow.delivered() == []


def test_a_wrong_password_and_a_sign_in_that_waits_for_a_step_are_not_told(
    signed_in_browser, person, settings
):
    settings.OSTIARY = {**settings.OSTIARY, "SIGNIN_STEPS": ["tests.ostiary.steps.Code"]}
    flow.sign_in(Browser(), person.email, "a wrong password")
    flow.sign_in(Browser(), person.email)

    assert flow.delivered() == []


def test_a_mail_server_that_is_down_is_no_matter_of_the_sign_in(
    signed_in_browser, person, monkeypatch
):
    def refuse(*args, **kwargs):
        raise ConnectionRefusedError

    monkeypatch.setattr("django.core.mail.EmailMultiAlternatives.send", refuse)
    other = Browser()

    assert flow.sign_in(other, person.email).status_code == 302
    assert flow.delivered() == []
    assert flow.is_signed_in(other)


def test_it_ends_all_sessions_and_the_password_and_mails_a_link(signed_in_browser, link, person):
    answer = press(Browser(), link)

    assert answer["Location"] == "/not-me/done/"
    assert not flow.is_signed_in(signed_in_browser)
    assert Session.objects.get().end_reason == "not_me"
    assert flow.sign_in(Browser(), person.email).status_code == 400
    message = flow.delivered()[-1]
    assert message.subject == "Set a new password for Ostiary"
    flow.recover(Browser(), flow.link_in(message))
    assert flow.sign_in(Browser(), person.email, flow.NEW_PASSWORD).status_code == 302


def test_it_lets_nobody_in(browser, link):
    press(browser, link)

    assert not flow.is_signed_in(browser)


def test_whoever_is_signed_in_in_that_browser_is_signed_out(link, browser, other_person):
    flow.sign_in(browser, other_person.email)

    press(browser, link)

    assert not flow.is_signed_in(browser)


@pytest.mark.needs("oauth")
def test_tokens_of_applications_end_too_even_those_that_outlive_a_session(link, person):
    from oauth.models import Client
    from tests.oauth import flow as oauth_flow

    client = Client(
        name="Shop",
        client_type="public",
        redirect_uris="https://shop.example/callback",
        grant_types=["authorization_code", "refresh_token"],
        scopes=["openid", "offline_access"],
        first_party=True,
    )
    client.full_clean()
    client.save()
    browser = Browser()
    flow.sign_in(browser, person.email)
    tokens = oauth_flow.sign_in_tokens(browser, client, scope="openid offline_access")

    press(Browser(), link)

    assert oauth_flow.refresh(client, tokens["refresh_token"]).status_code == 400


def test_opening_the_link_does_nothing_yet(signed_in_browser, link):
    """Mail scanners follow links; they don't press buttons."""
    for _ in range(3):
        page = Browser().get(link, follow=True)
        assert page.status_code == 200
        assert "This wasn’t me" in page.content.decode()

    assert flow.is_signed_in(signed_in_browser)


def test_it_works_once(browser, link):
    press(browser, link)

    assert press(Browser(), link).status_code == 400
    assert Event.objects.filter(kind="account.secured").count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_fifty_parallel_presses_one_counts(link, rf):
    found = NotMeLink.objects.select_related("user").get()

    results = at_once(lambda: not_me.secure(rf.post("/"), found))

    assert sorted(results) == [False] * 49 + [True]
    assert Event.objects.filter(kind="account.secured").count() == 1


@pytest.mark.parametrize("token", ["", "x", "%00", "%ED%A0%80", "a" * 3000])
def test_a_token_that_is_none_is_told_like_one_that_was_used(browser, db, token):
    page = browser.get(f"/not-me/?token={token}", follow=True)

    assert page.status_code == 400
    assert "no longer works" in page.content.decode()
    assert browser.post("/not-me/").status_code == 400


def test_it_works_for_a_month_and_is_then_removed(browser, link):
    found = NotMeLink.objects.get()
    assert 29 <= (found.expires_at - timezone.now()).days <= 30
    NotMeLink.objects.update(expires_at=timezone.now())

    assert press(browser, link).status_code == 400
    assert cleanup.remove_expired_not_me_links() == 1


def test_it_still_works_after_the_intruder_changed_the_password(browser, link, person):
    person.set_password("the intruder's own passphrase")
    person.save()

    assert press(browser, link).status_code == 302
    assert flow.sign_in(Browser(), person.email, "the intruder's own passphrase").status_code == 400


def test_an_account_that_is_switched_off_is_left_alone(browser, link, person):
    person.is_active = False
    person.save()

    assert press(browser, link).status_code == 400


def test_the_token_leaves_the_address_at_the_first_load_and_is_kept_as_a_hash(browser, link):
    token = link.partition("token=")[2]
    assert len(token) >= 43

    assert browser.get(link)["Location"] == "/not-me/"
    page = browser.get("/not-me/")

    assert token not in page.content.decode()
    assert token not in str(dict(browser.session))
    assert token not in str(vars(NotMeLink.objects.get()))
    assert "no-store" in page["Cache-Control"]


def test_it_is_in_the_security_log(browser, link, person):
    press(browser, link)

    event = Event.objects.get(kind="account.secured")
    assert event.subject == pseudonym_of(person)
    assert event.details == {"notice": "password_changed", "sessions": 0}


@pytest.mark.parametrize("act", ["password", "recovery"])
def test_every_change_of_the_password_is_told(act, signed_in_browser, person):
    if act == "password":
        signed_in_browser.post(
            "/account/security/",
            {"current_password": flow.PASSWORD, "password": flow.NEW_PASSWORD},
        )
    else:
        flow.recover(Browser(), flow.recovery_link(person.email))

    told = flow.delivered()[-1]
    assert told.subject == "Your password for Ostiary was changed"
    assert re.search(r"http://localhost:8000/not-me/\?token=", told.body)


def test_a_message_goes_to_verified_addresses_only(db):
    unverified = make_person("typo@example.com", email_verified_at=None)
    notify(unverified, "password_changed")

    assert flow.delivered() == []
    assert not NotMeLink.objects.exists()
