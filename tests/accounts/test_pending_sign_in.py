"""With a step still to pass nobody is signed in, whichever page they came by (SECURITY C7, H8)."""

import ast
import re
from pathlib import Path

import pytest
from django.test import Client as Browser
from django.test import RequestFactory

from accounts import invitations
from accounts.models import Invitation
from ostiary.models import Session
from tests.accounts import flow

pytestmark = pytest.mark.django_db


class SecondFactor:
    """A step that everyone has to pass."""

    name = "second-factor"

    def is_required(self, request, user, pending):
        return True

    def url(self, request):
        return "/second-factor/"


@pytest.fixture(autouse=True)
def a_step(settings):
    """The site asks everyone for a second factor."""
    path = f"{__name__}.SecondFactor"
    settings.OSTIARY = {**settings.OSTIARY, "SIGNIN_STEPS": [path]}
    settings.OSTIARY_ACCOUNTS = {**settings.OSTIARY_ACCOUNTS, "PASSWORDLESS_EMAIL": True}


def by_password(browser, person):
    return flow.sign_in(browser, person.email)


def by_sign_up(browser, person):
    return flow.sign_up(browser, "carol@example.com")


def by_sign_up_confirmed_elsewhere(browser, person):
    flow.ask_for_account(Browser(), "carol@example.com")
    browser.get(flow.link_in(flow.delivered()[-1]))
    return browser.post("/signup/verify/", {"password": flow.PASSWORD})


def by_sign_up_code(browser, person):
    page = flow.ask_for_account(browser, "carol@example.com")["Location"]
    return browser.post(page, {"code": flow.code_in(flow.delivered()[-1])})


def by_invitation(browser, person):
    request = RequestFactory().get("/")
    request.user = person
    invitations.send(request, Invitation(email="carol@example.com"))
    browser.get(flow.link_in(flow.delivered()[-1]))
    return browser.post("/signup/invitation/", {"password": flow.PASSWORD})


def by_recovery_and_the_new_password(browser, person):
    flow.recover(browser, flow.recovery_link(person.email))
    return flow.sign_in(browser, person.email, flow.NEW_PASSWORD)


def by_mailed_code(browser, person):
    browser.post("/signin/email/", {"email": person.email, "next": ""})
    code = re.search(r"\d{4} \d{4}", flow.delivered()[-1].body)[0]
    return browser.post("/signin/email/code/", {"code": code})


def by_mailed_link_in_another_browser(browser, person):
    Browser().post("/signin/email/", {"email": person.email, "next": ""})
    browser.get(flow.link_in(flow.delivered()[-1]))
    return browser.post("/signin/email/link/")


@pytest.mark.parametrize(
    "way",
    [
        by_password,
        by_mailed_code,
        by_mailed_link_in_another_browser,
        by_sign_up,
        by_sign_up_confirmed_elsewhere,
        by_sign_up_code,
        by_invitation,
        by_recovery_and_the_new_password,
    ],
)
def test_every_way_in_ends_in_the_one_gate(browser, person, way):
    answer = way(browser, person)

    assert answer["Location"] == "/second-factor/"
    assert not flow.is_signed_in(browser)
    assert not Session.objects.exists()
    for page in ("profile/", "security/", "sessions/", "activity/"):
        assert browser.get(f"/account/{page}")["Location"].startswith("/signin/")


def test_recovery_alone_leads_to_no_gate_and_signs_nobody_in(browser, person):
    answer = flow.recover(browser, flow.recovery_link(person.email))

    assert answer["Location"].startswith("/signin/")
    assert not flow.is_signed_in(browser)


ENTRIES = {
    ("accounts/views/passwordless.py", "begin"),
    ("accounts/views/signin.py", "begin"),
    ("accounts/views/signup.py", "begin"),
    ("ostiary/signin.py", "login"),
    ("passkeys/api/views.py", "begin"),  # the same
    ("passkeys/views/signin.py", "begin"),  # tried in tests/passkeys
}
"""Every place that signs somebody in: each begins at the gate, which alone completes."""
ROOT = Path(__file__).parents[2]
APPS = ("ostiary", "accounts", "oauth", "mfa", "passkeys", "idp_site")


def test_every_way_in_is_listed_and_tried_here():
    """H8: a new one is to be added above, and among the ways that end in the one gate."""
    found = set()
    for app in APPS:
        for path in (ROOT / app).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call):
                    called = ast.unparse(node.func)
                    if called in ("signin.begin", "signins.begin", "login", "auth.login"):
                        found.add((path.relative_to(ROOT).as_posix(), called.rpartition(".")[2]))

    assert found == ENTRIES
