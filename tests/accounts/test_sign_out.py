"""Sign-out: asked for by a form, and complete."""

import re

import pytest
from django.conf import settings as django_settings
from django.test import Client as Browser
from django.urls import resolve

from ostiary import second_step
from ostiary.models import Session
from tests.accounts import flow
from tests.accounts.conftest import make_person
from tests.operators import prove_two_factors

pytestmark = pytest.mark.django_db


def test_a_link_signs_nobody_out(signed_in_browser):
    page = signed_in_browser.get("/signout/")

    assert page.status_code == 200
    assert '<form method="post"' in page.content.decode()
    assert flow.is_signed_in(signed_in_browser)


def test_the_button_ends_the_session_on_the_server(signed_in_browser):
    key = signed_in_browser.session.session_key

    answer = signed_in_browser.post("/signout/")

    assert answer.status_code == 200
    assert answer["Clear-Site-Data"] == '"cache"'
    session = Session.objects.get()
    assert (session.ended_at is not None, session.end_reason) == (True, "signout")
    thief = Browser()
    thief.cookies[django_settings.SESSION_COOKIE_NAME] = key
    assert not flow.is_signed_in(thief)


def test_a_visitor_who_signs_out_is_signed_out(browser):
    assert browser.post("/signout/").status_code == 200


def by_the_list_of_sessions(browser, person):
    sid = Session.objects.get(ended_at=None).pk
    return browser.post(f"/account/sessions/{sid}/end/")


def by_the_admin(browser, person):
    person.is_staff = person.is_superuser = True
    person.save()
    return prove_two_factors(browser).post("/admin/logout/")


def by_a_recovery(browser, person):
    return flow.recover(browser, flow.recovery_link(person.email))


def by_another_person(browser, person):
    return flow.sign_in(browser, make_person("bob@example.com").email)


def test_who_is_asked_whether_to_sign_out_can_stay(signed_in_browser, browser):
    page = signed_in_browser.get("/signout/").content.decode()
    assert "alice@example.com" in page
    assert re.search(r'href="/account/">\s*Stay signed in', page)

    assert "Stay signed in" not in browser.get("/signout/").content.decode()


@pytest.mark.parametrize(
    "way", [by_the_list_of_sessions, by_the_admin, by_a_recovery, by_another_person]
)
def test_whatever_signs_out_has_the_browser_forget_the_pages(signed_in_browser, person, way):
    answer = way(signed_in_browser, person)

    assert answer.status_code == 302
    assert answer["Clear-Site-Data"] == '"cache"'
    assert not signed_in_browser.get("/account/").has_header("Clear-Site-Data")


@pytest.mark.parametrize(
    ("path", "is_open"),
    [
        ("/signout/", True),
        ("/recover/second-step/", True),
        ("/recover/second-step/go-on/", True),
        ("/recover/second-step/stop/", True),
        ("/recover/support/stop/", True),
        ("/not-me/", True),
        ("/account/security/", False),
        ("/account/security/stop-recovery/", False),
        ("/account/privacy/erase/", False),
    ],
)
def test_who_has_yet_to_show_a_second_factor_finds_the_ways_out_open_and_no_other(path, is_open):
    """Where a project signs people in by a view of its own (``mfa.SecondStepMiddleware``)."""
    assert second_step.is_exempt(resolve(path).func) is is_open
