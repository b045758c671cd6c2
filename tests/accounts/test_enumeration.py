"""No page tells who has an account (SECURITY C1): in text, status, headers, statements, hashes."""

import re
from dataclasses import dataclass

import pytest
from django.test import Client as Browser

from accounts.hashing import BoundedArgon2PasswordHasher
from ostiary import events
from tests.accounts import flow
from tests.accounts.conftest import make_person

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def key_of_the_day(db):
    """The log's key for what is about nobody: made by the day's first event, whoever it is of."""
    events.record("signin.failed", personal={"email": "first@example.com"})


@dataclass
class Seen:
    """All that a stranger sees of a form that was sent, and what the server did meanwhile."""

    status: int
    headers: list[tuple[str, str]]
    body: str
    statements: list[str]
    hashes: int


@pytest.fixture
def hashes(monkeypatch):
    """Counts the Argon2 computations, and has them done."""
    counted = []
    for name in ("encode", "verify"):
        original = getattr(BoundedArgon2PasswordHasher, name)

        def counting(self, *args, original=original):
            counted.append(1)
            return original(self, *args)

        monkeypatch.setattr(BoundedArgon2PasswordHasher, name, counting)
    return counted


BY_CHANCE = ("X-Request-ID", "Expires")


def without_chance(text: str, email: str) -> str:
    """The text without what differs from one request to the next, whoever asks."""
    text = flow.without_token(text)
    text = re.sub(r"(ostiary_\w+=)[^;]+", r"\1", text)
    text = re.sub(r"expires=[^;]+", "expires=", text)
    text = re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "ID", text)
    return text.replace(email, "ADDRESS")


def see(path: str, field: str, email: str, hashes: list[int], **fields: str) -> Seen:
    """Send a form about ``email``, and follow where it leads."""
    browser = Browser()
    browser.get(path)
    hashes.clear()
    with flow.statements() as statements:
        answer = browser.post(path, {field: email, **fields})
    body = answer.content.decode()
    if answer.has_header("Location"):
        body += browser.get(answer["Location"]).content.decode()
    cookies = [("Set-Cookie", cookie.OutputString()) for cookie in answer.cookies.values()]
    sent = [*answer.items(), *cookies]
    return Seen(
        status=answer.status_code,
        headers=[
            (name, without_chance(value, email)) for name, value in sent if name not in BY_CHANCE
        ],
        body=without_chance(body, email),
        statements=statements,
        hashes=len(hashes),
    )


def pad(name: str) -> str:
    """Addresses of one length, so that pages have one length too."""
    return f"{name:x<12}@example.com"


@pytest.fixture
def known():
    return make_person(pad("known")).email


@pytest.fixture
def inactive():
    return make_person(pad("inactive"), is_active=False).email


@pytest.fixture
def passwordless():
    return make_person(pad("passwordless"), password="!unusable").email


@pytest.fixture
def unconfirmed():
    flow.ask_for_account(Browser(), pad("unconfirmed"))
    return pad("unconfirmed")


EVERYBODY = ["known", "inactive", "passwordless", "unconfirmed"]


@pytest.mark.parametrize("who", EVERYBODY)
def test_sign_up(request, who, hashes):
    email = request.getfixturevalue(who)
    form = {"name": "", "password": flow.PASSWORD, "next": ""}

    unknown = see("/signup/", "email", pad("unknown"), hashes, **form)
    seen = see("/signup/", "email", email, hashes, **form)

    assert unknown.status == 302
    assert unknown.hashes == 1
    assert seen == unknown


@pytest.mark.parametrize("who", EVERYBODY)
def test_recovery(request, who, hashes):
    email = request.getfixturevalue(who)

    unknown = see("/recover/", "email", pad("unknown"), hashes, next="")
    seen = see("/recover/", "email", email, hashes, next="")

    assert unknown.status == 302
    assert unknown.hashes == 0
    assert seen == unknown


@pytest.mark.parametrize("who", EVERYBODY)
def test_sign_in_with_a_wrong_password(request, who, hashes):
    email = request.getfixturevalue(who)
    form = {"password": "a wrong password", "next": ""}

    unknown = see("/signin/", "identifier", pad("unknown"), hashes, **form)
    seen = see("/signin/", "identifier", email, hashes, **form)

    assert unknown.status == 400
    assert unknown.hashes == 1
    assert seen == unknown


def test_the_right_password_of_an_inactive_person_is_as_wrong_as_any(inactive, hashes):
    form = {"password": flow.PASSWORD, "next": ""}

    unknown = see("/signin/", "identifier", pad("unknown"), hashes, **form)
    seen = see("/signin/", "identifier", inactive, hashes, **form)

    assert seen == unknown


def test_a_sign_up_that_is_refused_is_refused_alike(known, hashes):
    form = {"name": "", "password": "short", "next": ""}

    unknown = see("/signup/", "email", pad("unknown"), hashes, **form)
    seen = see("/signup/", "email", known, hashes, **form)

    assert seen.status == 400
    assert seen == unknown
    assert seen.hashes == 0
