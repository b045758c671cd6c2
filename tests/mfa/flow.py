"""The steps of a person's way through the pages of second factors."""

from __future__ import annotations

from django.http import HttpResponse
from django.test import Client as Browser
from django.utils import timezone

from mfa import oath
from mfa.models import AuthenticatorApp

PASSWORD = "correct horse battery staple"
CHALLENGE = "/signin/second-step/app/"


def code_of(app: AuthenticatorApp, steps: int = 0) -> str:
    """What the app shows now, or so many steps later."""
    seconds = timezone.now().timestamp() + steps * app.period
    return oath.totp(
        app.key, seconds, period=app.period, digits=app.digits, algorithm=app.algorithm
    )


def show_password(browser: Browser, email: str, **query: str) -> HttpResponse:
    """Send the sign-in form of the site."""
    return browser.post("/signin/", {"identifier": email, "password": PASSWORD}, query_params=query)


def enter(browser: Browser, code: str) -> HttpResponse:
    """Enter a code on the page of the second step."""
    return browser.post(CHALLENGE, {"code": code})


def sign_in(browser: Browser, app: AuthenticatorApp, **query: str) -> HttpResponse:
    """By password and the app's next unused code."""
    show_password(browser, app.user.email, **query)
    return enter(browser, code_of(app))


def is_signed_in(browser: Browser) -> bool:
    """Whether the account page opens."""
    return browser.get("/account/").status_code == 200
