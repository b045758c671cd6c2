"""The steps of a person's way through the pages of passkeys, as browser and script take them."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.test import Client as Browser

from ostiary.assurance import SESSION_KEY
from tests.passkeys.authenticator import Authenticator

PASSWORD = "correct horse battery staple"
MANAGE = "/account/security/passkeys/"
SIGN_IN = "/signin/passkey/"
SECOND_STEP = "/signin/second-step/passkey/"
BACKEND = "django.contrib.auth.backends.ModelBackend"


def sign_in_by_password(browser: Browser, user: Any) -> None:
    """As a password sign-in leaves the browser, on any site."""
    browser.force_login(user, BACKEND)


def at(path: str, **query: str) -> str:
    """The path with a query."""
    return f"{path}?{urlencode(query)}" if query else path


def options(browser: Browser, path: str) -> dict[str, Any]:
    """What the script asks for."""
    answer = browser.post(path, headers={"accept": "application/json"})
    assert answer.status_code == 200, answer
    found: dict[str, Any] = answer.json()
    return found


def send(browser: Browser, path: str, answer: Any, **fields: str) -> HttpResponse:
    """What the script sends."""
    return browser.post(path, {"answer": json.dumps(answer), **fields})


def add(browser: Browser, passkey: Authenticator, **lies: Any) -> HttpResponse:
    """Make a passkey on the person's page."""
    return send(browser, MANAGE, passkey.create(options(browser, MANAGE), **lies))


def use(browser: Browser, passkey: Authenticator, path: str = SIGN_IN, **lies: Any) -> HttpResponse:
    """Answer by a passkey on a page that asks for one."""
    return send(browser, path, passkey.get(options(browser, path), **lies))


def amr(browser: Browser) -> list[str] | None:
    """How the browser's session was authenticated; ``None`` if nobody is signed in."""
    found: list[str] | None = browser.session.get(SESSION_KEY, {}).get("amr")
    return found


def said(page: HttpResponse) -> str:
    """The page as it reads."""
    return page.content.decode()
