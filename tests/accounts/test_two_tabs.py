"""Two tabs wait at the sign-in page, as of a browser that restores its tabs, and the person signs
in in one (oauth2-proxy #611, IdentityServer4 #5282): the other goes on without the password."""

from __future__ import annotations

import re
from urllib.parse import urlencode

import pytest
from django.test import Client as Browser

from ostiary.models import Session
from tests.accounts import flow

pytestmark = pytest.mark.django_db
NEXT = "/account/security/"


@pytest.fixture
def browser():
    """One whose forms are checked."""
    return Browser(enforce_csrf_checks=True)


class Tab:
    """A page that is open, with its form as it was when it was loaded."""

    def __init__(self, browser: Browser, path: str, **query: str) -> None:
        self.browser = browser
        self.address = f"{path}?{urlencode(query)}" if query else path
        page = browser.get(self.address, follow=True).content.decode()
        form = re.search(r"<main.*?(<form.*?</form>)", page, re.DOTALL)[1]
        self.hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form))
        self.token = self.hidden.pop("csrfmiddlewaretoken")

    def send(self, headers=None, **fields: str):
        """Send the form."""
        sent = {**self.hidden, **fields, "csrfmiddlewaretoken": self.token}
        return self.browser.post(self.address, sent, headers=headers or {})


def sign_in(tab: Tab, email: str, password: str = flow.PASSWORD):
    return tab.send(identifier=email, password=password)


@pytest.mark.parametrize("password", [flow.PASSWORD, "not the password"])
def test_the_other_tabs_form_leads_on(browser, person, password):
    one, other = Tab(browser, "/signin/"), Tab(browser, "/signin/", next=NEXT)
    sign_in(one, person.email)

    answer = browser.get(sign_in(other, person.email, password)["Location"])

    assert answer.status_code == 302
    assert answer["Location"] == NEXT
    assert Session.objects.count() == 1


def test_so_does_a_reload(browser, person):
    one, other = Tab(browser, "/signin/"), Tab(browser, "/signin/", next=NEXT)
    sign_in(one, person.email)

    assert browser.get(other.address)["Location"] == NEXT


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/signup/", {}),
        ("/signin/email/", {}),
        ("/signin/passkey/", {"answer": "{}"}),
    ],
)
def test_so_do_the_other_pages_of_a_sign_in(browser, person, settings, path, fields):
    settings.OSTIARY_ACCOUNTS = {**settings.OSTIARY_ACCOUNTS, "PASSWORDLESS_EMAIL": True}
    one, other = Tab(browser, "/signin/"), Tab(browser, path, next=NEXT)
    sign_in(one, person.email)

    answer = browser.get(other.send(email=person.email, **fields)["Location"])

    assert answer["Location"] == NEXT


def test_nobody_is_signed_in_as_someone_else_by_it(browser, person, other_person):
    """Nor led on as somebody other than they typed."""
    one, other = Tab(browser, "/signin/"), Tab(browser, "/signin/", next=NEXT)
    sign_in(one, person.email)

    answer = sign_in(other, other_person.email)

    assert answer.status_code == 403
    assert Session.objects.get().user == person


def test_who_is_to_prove_again_who_they_are_is_asked_again(browser, person):
    one = Tab(browser, "/signin/")
    other = Tab(browser, "/signin/", next=NEXT, reauthenticate="1")
    sign_in(one, person.email)

    answer = browser.get(sign_in(other, person.email)["Location"])

    assert answer.status_code == 200
    assert b'name="password"' in answer.content
    assert Session.objects.count() == 1


def test_where_another_person_is_expected_the_form_is_shown(browser, person):
    """SECURITY A9."""
    one = Tab(browser, "/signin/")
    other = Tab(browser, "/signin/", next=NEXT, login_hint="bob@example.com")
    sign_in(one, person.email)

    answer = browser.get(other.address)

    assert answer.status_code == 200
    assert b'value="bob@example.com"' in answer.content


def test_where_that_person_is_expected_it_goes_on(browser, person):
    one = Tab(browser, "/signin/")
    other = Tab(browser, "/signin/", next=NEXT, login_hint=person.email.upper())
    sign_in(one, person.email)

    assert browser.get(other.address)["Location"] == NEXT


def test_a_visitor_is_told_that_the_form_is_too_old(browser, person):
    other = Tab(browser, "/signin/", next=NEXT)
    other.token = "x" * 64

    assert sign_in(other, person.email).status_code == 403


def test_a_script_is_led_nowhere(browser, person):
    one, other = Tab(browser, "/signin/"), Tab(browser, "/signin/passkey/", next=NEXT)
    sign_in(one, person.email)

    assert other.send(headers={"Accept": "application/json"}).status_code == 403


def test_it_leads_to_this_site_alone(browser, person):
    """SECURITY A10."""
    one, other = Tab(browser, "/signin/"), Tab(browser, "/signin/", next="https://evil.example/")
    sign_in(one, person.email)

    answer = browser.get(sign_in(other, person.email)["Location"])

    assert answer["Location"] == "/account/"


@pytest.mark.parametrize("path", ["/account/profile/", "/signout/", "/recover/"])
def test_any_other_form_without_its_token_is_refused(browser, person, path):
    sign_in(Tab(browser, "/signin/"), person.email)
    other = Tab(browser, path)
    other.token = "x" * 64

    assert other.send().status_code == 403


# --- at pages where no name is typed --------------------------------------------------------------


def signing_up(browser: Browser, email: str) -> Tab:
    """The page on which the code of a sign-up is entered."""
    form = Tab(browser, "/signup/", next=NEXT)
    return Tab(browser, form.send(email=email, password="a long passphrase of someone new").url)


def test_the_code_of_a_sign_up_leads_nobody_on_as_somebody_else(browser, person):
    other = signing_up(browser, "new@example.com")
    sign_in(Tab(browser, "/signin/"), person.email)

    assert other.send(code="0000 0000").status_code == 403
    assert Session.objects.get().user == person


def test_the_code_of_a_sign_up_that_is_done_leads_on(browser):
    other = signing_up(browser, "new@example.com")
    browser.get(flow.link_in(flow.delivered()[-1]))
    Tab(browser, "/signup/verify/").send()

    assert browser.get(other.send(code="0000 0000").url)["Location"] == NEXT


def test_a_code_for_signing_in_leads_on_only_whom_it_was_for(
    browser, person, other_person, settings
):
    settings.OSTIARY_ACCOUNTS = {**settings.OSTIARY_ACCOUNTS, "PASSWORDLESS_EMAIL": True}
    tabs = []
    for email in (person.email, other_person.email):
        Tab(browser, "/signin/email/", next=NEXT).send(email=email)
        tabs.append(Tab(browser, "/signin/email/code/"))
    sign_in(Tab(browser, "/signin/"), person.email)
    hers, his = tabs

    assert browser.get(hers.send(code="0000 0000").url)["Location"] == NEXT
    assert his.send(code="0000 0000").status_code == 403
