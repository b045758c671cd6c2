"""Two tabs wait at the second step, for two applications: each goes on to its own, and nobody goes
on in place of another person."""

from __future__ import annotations

import re

import pytest
from django.test import Client as Browser
from django.utils.http import urlencode

from mfa.models import AuthenticatorApp
from ostiary.models import Session
from tests.mfa import flow

pytestmark = [pytest.mark.django_db, pytest.mark.needs("accounts")]
ONE, OTHER = "/account/sessions/", "/account/activity/"


class Tab:
    """A page of the second step, with its form as it was when it was loaded."""

    def __init__(self, browser: Browser, email: str, **query: str) -> None:
        self.browser = browser
        path = f"/signin/?{urlencode(query)}"
        token = self._token(path)
        self.address = browser.post(
            path,
            {"identifier": email, "password": flow.PASSWORD, "csrfmiddlewaretoken": token},
        )["Location"]
        self.token = self._token(self.address)

    def _token(self, path: str) -> str:
        page = self.browser.get(path).content.decode()
        return re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)[1]

    def enter(self, code: str):
        """Send the form."""
        sent = {"code": code, "csrfmiddlewaretoken": self.token}
        return self.browser.post(self.address, sent)


@pytest.fixture
def browser():
    """One whose forms are checked."""
    return Browser(enforce_csrf_checks=True)


@pytest.fixture
def tabs(browser, app):
    """Two of the same person."""
    return [Tab(browser, app.user.email, next=wanted) for wanted in (ONE, OTHER)]


@pytest.mark.parametrize("first", [0, 1])
def test_each_tab_leads_to_where_it_was_going(browser, tabs, app, first):
    """The tab that began last is not the one that has to end first."""
    one, other = tabs[first], tabs[1 - first]
    wanted = (ONE, OTHER) if first == 0 else (OTHER, ONE)

    assert one.enter(flow.code_of(app))["Location"] == wanted[0]
    assert browser.get(other.enter("000000")["Location"])["Location"] == wanted[1]
    assert Session.objects.count() == 1


def test_so_does_a_reload(browser, tabs, app):
    one, other = tabs
    other.enter(flow.code_of(app))

    led = browser.get(browser.get(one.address)["Location"])

    assert led["Location"] == ONE


def test_nobody_goes_on_in_place_of_another_person(browser, app, other_person):
    """SECURITY H7."""
    hers = AuthenticatorApp.objects.create(
        user=other_person, key=AuthenticatorApp.new_key(), confirmed=True
    )
    other = Tab(browser, other_person.email, next=OTHER)
    one = Tab(browser, app.user.email, next=ONE)

    assert one.enter(flow.code_of(app))["Location"] == ONE
    assert other.enter(flow.code_of(hers)).status_code == 403
    assert browser.get(other.address)["Location"] == "/signin/"
    assert Session.objects.get().user == app.user


def test_a_step_leads_to_this_site_alone(browser, app):
    """SECURITY A10."""
    tab = Tab(browser, app.user.email)
    tab.address += "?next=https://evil.example/"

    assert tab.enter(flow.code_of(app))["Location"] == "/account/"
