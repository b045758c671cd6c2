"""Where a person is signed in, and ending it (SECURITY C6)."""

from datetime import timedelta

import pytest
from django.test import Client as Browser
from django.utils import timezone

from ostiary.models import Session
from tests.accounts import flow

pytestmark = pytest.mark.django_db


@pytest.fixture
def phone(person):
    """Another browser of Alice's."""
    browser = Browser(headers={"user-agent": "Mozilla/5.0 (iPhone; CPU iPhone OS) Safari/605"})
    flow.sign_in(browser, person.email)
    return browser


def session_of(browser):
    return Session.objects.get(session_key=browser.session.session_key)


def test_every_session_is_listed_with_device_place_and_time(signed_in_browser, phone):
    page = signed_in_browser.get("/account/sessions/").content.decode()

    assert "Firefox on Linux" in page
    assert "Safari on iPhone" in page
    assert page.count("127.0.0.1 ·") == 2
    assert page.count("This device") == 1
    assert page.index("Firefox on Linux") < page.index("Safari on iPhone"), "this device is first"
    assert (page.count("icon-desktop"), page.count("icon-phone")) == (1, 1)
    assert f"/account/sessions/{session_of(phone).pk}/end/" in page
    assert f"/account/sessions/{session_of(signed_in_browser).pk}/end/" not in page


def test_each_says_whether_it_is_in_use_or_how_long_it_is_not(signed_in_browser, phone):
    def page():
        return signed_in_browser.get("/account/sessions/").content.decode()

    assert page().count("Active now") == 2
    Session.objects.filter(pk=session_of(phone).pk).update(
        last_seen_at=timezone.now() - timedelta(hours=3, minutes=20)
    )
    assert page().count("Active now") == 1
    assert "Active 3\xa0hours ago" in page()


def test_the_name_of_each_button_says_which_session_it_ends(signed_in_browser, phone):
    page = signed_in_browser.get("/account/sessions/").content.decode()

    assert 'aria-label="Sign out Safari on iPhone, 127.0.0.1"' in page


def test_who_is_signed_in_nowhere_else_is_offered_nothing_to_end(signed_in_browser):
    assert "Sign out everywhere else" not in (
        signed_in_browser.get("/account/sessions/").content.decode()
    )


def test_what_a_browser_says_of_itself_is_text(signed_in_browser, phone):
    Session.objects.filter(pk=session_of(phone).pk).update(user_agent='"><script>Firefox/1')

    assert "<script>Firefox" not in signed_in_browser.get("/account/sessions/").content.decode()


def test_nobody_elses_sessions_are_listed(signed_in_browser, other_person):
    flow.sign_in(Browser(headers={"user-agent": "Mozilla/5.0 Edg/1"}), other_person.email)

    assert "Edge" not in signed_in_browser.get("/account/sessions/").content.decode()


def test_ended_and_expired_sessions_are_not_listed(signed_in_browser, phone):
    Session.objects.filter(pk=session_of(phone).pk).update(
        last_seen_at=timezone.now() - timedelta(days=2)
    )

    assert "iPhone" not in signed_in_browser.get("/account/sessions/").content.decode()


def test_one_session_is_ended_at_its_next_request(signed_in_browser, phone):
    answer = signed_in_browser.post(f"/account/sessions/{session_of(phone).pk}/end/")

    assert answer["Location"] == "/account/sessions/"
    assert not flow.is_signed_in(phone)
    assert flow.is_signed_in(signed_in_browser)


@pytest.mark.django_db(transaction=True)
def test_all_others_are_ended(signed_in_browser, phone, person):
    tablet = Browser()
    flow.sign_in(tablet, person.email)

    signed_in_browser.post("/account/sessions/others/end/")

    assert not flow.is_signed_in(phone)
    assert not flow.is_signed_in(tablet)
    assert "2 other sessions ended." in signed_in_browser.get("/account/").content.decode()


@pytest.mark.django_db(transaction=True)
def test_to_end_this_session_is_to_sign_out(signed_in_browser):
    answer = signed_in_browser.post(f"/account/sessions/{session_of(signed_in_browser).pk}/end/")

    assert answer["Location"] == "/signin/"
    assert not flow.is_signed_in(signed_in_browser)


def test_another_persons_session_can_not_be_ended(signed_in_browser, other_person):
    bobs = Browser()
    flow.sign_in(bobs, other_person.email)

    answer = signed_in_browser.post(f"/account/sessions/{session_of(bobs).pk}/end/")

    assert answer.status_code == 404
    assert flow.is_signed_in(bobs)


def test_a_link_ends_nothing(signed_in_browser, phone):
    assert signed_in_browser.get("/account/sessions/others/end/").status_code == 405
    path = f"/account/sessions/{session_of(phone).pk}/end/"
    assert signed_in_browser.get(path).status_code == 405
    assert flow.is_signed_in(phone)


def test_the_list_costs_the_same_however_many_sessions_there_are(signed_in_browser, person):
    with flow.statements() as before:
        signed_in_browser.get("/account/sessions/")
    for _ in range(5):
        flow.sign_in(Browser(), person.email)

    with flow.statements() as after:
        signed_in_browser.get("/account/sessions/")

    assert after == before
