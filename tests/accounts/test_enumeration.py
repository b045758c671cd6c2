"""No page tells who has an account (SECURITY C1): in text, status, headers, statements, hashes."""

import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from django.test import Client as Browser
from django.urls import URLResolver, get_resolver
from django.utils import timezone

from accounts.hashing import BoundedArgon2PasswordHasher
from accounts.models import PendingRegistration
from ostiary import events, factors
from tests.accounts import flow
from tests.accounts.conftest import Keeper, make_person

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
    text = re.sub(r'data-challenge="[^"]+"', "", text)
    text = re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "ID", text)
    return text.replace(email, "ADDRESS")


def see(path: str, field: str, email: str, hashes: list[int], **fields: str) -> Seen:
    """Send a form about ``email``, in a browser of its own, and follow where it leads."""
    browser = Browser()
    browser.get(path)
    return see_in(browser, path, email, {field: email, **fields}, hashes)


def see_in(
    browser: Browser, path: str, email: str, fields: dict[str, str], hashes: list[int]
) -> Seen:
    """The same in a browser that was led to the form by another one about ``email``."""
    hashes.clear()
    with flow.statements() as statements:
        answer = browser.post(path, fields)
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


@dataclass(frozen=True)
class Form:
    """A form that takes an address from anybody, and what is to come of it for everybody."""

    asks_for: str
    status: int
    hashes: int
    fields: dict[str, str] = field(default_factory=dict)


TAKE_AN_ADDRESS = {
    "signin/": Form("identifier", 400, 1, {"password": "a wrong password", "next": ""}),
    "signin/email/": Form("email", 302, 0, {"next": ""}),
    "signup/": Form("email", 302, 1, {"name": "", "password": flow.PASSWORD, "next": ""}),
    "recover/": Form("email", 302, 0, {"next": ""}),
    "recover/second-step/": Form("email", 302, 0),
}
FOLLOW = {
    "signin/email/code/": ("signin/email/", [{"code": "0000 0000"}]),
    "signup/check-mail/<uuid:key>/": ("signup/", [{"code": "0000 0000"}, {"resend": "1"}]),
}
"""Forms of those who have sent one of the above, which name the address: what is sent to them."""
SAY_NOTHING_OF_ACCOUNTS = {
    # The token of a mailed link decides, which has 256 bits.
    "signin/email/link/",
    "signup/verify/",
    "signup/invitation/",
    "recover/set/",
    "recover/second-step/go-on/",
    "recover/second-step/stop/",
    "recover/support/",
    "recover/support/stop/",
    "account/email/confirm/",
    "account/email/undo/",
    "keep-account/",
    "not-me/",
    # They take nothing that names a person.
    "language/",
    "password/strength/",
    "signout/",
    # A signature decides.
    "oauth/continue",
    "privacy/receipts/verify",
    # The answer of an authenticator, whoever's it is; signed news of a text message.
    "signin/passkey/",
    "api/passkeys/authentication/",
    "api/passkeys/authentication/options/",
    "api/passkeys/registration/",
    "api/passkeys/registration/options/",
    "sms/status/<uuid:message_id>/",
    # Applications, which know their people by tokens.
    "oauth/authorize",
    "oauth/device_authorization",
    "oauth/introspect",
    "oauth/logout",
    "oauth/par",
    "oauth/register",
    "oauth/revoke",
    "oauth/token",
    "oauth/userinfo",
}


@pytest.fixture(autouse=True)
def every_form_is_there(settings, monkeypatch):
    """What operators can switch on is on."""
    settings.OSTIARY_ACCOUNTS = {**settings.OSTIARY_ACCOUNTS, "PASSWORDLESS_EMAIL": True}
    settings.OSTIARY_OAUTH = {**settings.OSTIARY_OAUTH, "REGISTRATION": "open"}
    monkeypatch.setitem(factors._keepers, "test", Keeper())


def routes(resolver=None, prefix="") -> Iterator[str]:
    """Every address of the site, but for the admin, where no form is for anybody."""
    for pattern in (resolver or get_resolver()).url_patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from routes(pattern, route)
        elif not route.startswith("admin/"):
            yield route


def takes_a_form_from_anybody(route: str) -> bool:
    """Whether a POST of a visitor gets further than to the sign-in page."""
    path = re.sub(r"<uuid:\w+>", str(uuid.uuid4()), "/" + route)
    path = re.sub(r"<\w+:\w+>", "1", path)
    answer = Browser().post(path)
    asked_to_sign_in = answer.get("Location", "").partition("?")[0] == "/signin/"
    return answer.status_code not in (404, 405) and not asked_to_sign_in


def test_every_form_that_anybody_can_send_is_listed_here():
    """A new one is to be added above, and if it takes an address, to be compared."""
    there = set(routes())

    found = {route for route in there if takes_a_form_from_anybody(route)}

    assert found == there & {*TAKE_AN_ADDRESS, *FOLLOW, *SAY_NOTHING_OF_ACCOUNTS}


@pytest.mark.parametrize("who", EVERYBODY)
@pytest.mark.parametrize("route", TAKE_AN_ADDRESS)
def test_a_form_that_takes_an_address_answers_alike_for_everybody(request, route, who, hashes):
    form, email = TAKE_AN_ADDRESS[route], request.getfixturevalue(who)

    unknown = see(f"/{route}", form.asks_for, pad("unknown"), hashes, **form.fields)
    seen = see(f"/{route}", form.asks_for, email, hashes, **form.fields)

    assert (unknown.status, unknown.hashes) == (form.status, form.hashes)
    assert seen == unknown


@pytest.mark.parametrize("who", EVERYBODY)
@pytest.mark.parametrize("route", FOLLOW)
def test_the_form_that_follows_answers_alike_too(request, route, who, hashes):
    first, sent = FOLLOW[route]
    form, email = TAKE_AN_ADDRESS[first], request.getfixturevalue(who)

    def follow(address):
        browser = Browser()
        form_sent = {form.asks_for: address, **form.fields}
        path = browser.post(f"/{first}", form_sent)["Location"]
        PendingRegistration.objects.update(sent_at=timezone.now() - timedelta(minutes=5))
        return [see_in(browser, path, address, fields, hashes) for fields in sent]

    assert follow(email) == follow(pad("unknown"))


@pytest.mark.parametrize("who", EVERYBODY)
@pytest.mark.parametrize("route", TAKE_AN_ADDRESS)
def test_the_code_in_place_of_a_sum_is_asked_for_and_refused_alike(
    request, settings, route, who, hashes
):
    form, email = TAKE_AN_ADDRESS[route], request.getfixturevalue(who)

    def challenged(address):
        settings.OSTIARY_ACCOUNTS = {**settings.OSTIARY_ACCOUNTS, "CHALLENGE_TRIES_IN_ALL": 1}
        browser = Browser()
        form_sent = {form.asks_for: address, **form.fields}
        browser.post(f"/{route}", form_sent)
        return [
            see_in(browser, f"/{route}", address, {**form_sent, **more}, hashes)
            for more in ({}, {"challenge_by_mail": "1"}, {"challenge_code": "0000 0000"})
        ]

    challenged(pad("anybody"))  # the first try raises the sum
    unknown = challenged(pad("unknown"))

    assert "challenge_code" in unknown[1].body
    assert challenged(email) == unknown


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


@pytest.mark.parametrize("route", TAKE_AN_ADDRESS)
def test_who_tries_too_often_is_told_so_alike(settings, route, known, hashes):
    names = ("signin", "code", "signup", "recovery", "factor_recovery")
    one_each = {name: {"user": "1/hour"} for name in names}
    settings.OSTIARY = {**settings.OSTIARY, "THROTTLES": one_each}
    form = TAKE_AN_ADDRESS[route]

    def twice(address):
        see(f"/{route}", form.asks_for, address, hashes, **form.fields)
        return see(f"/{route}", form.asks_for, address, hashes, **form.fields)

    unknown, seen = twice(pad("unknown")), twice(known)

    assert unknown.status == 429
    assert seen == unknown
