"""The way in, and back in: sign-up, sign-in, recovery, and the pages of errors."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.test import override_settings
from playwright.sync_api import Page

from accounts import breached, support
from accounts.models import PendingRegistration, SignUpPolicy
from oauth.models import Client
from ostiary import events, factors
from ostiary.hooks import SignInRefused
from ostiary.notifications import notify
from ostiary.throttling import Throttled, throttle

from ..conftest import (
    PASSWORD,
    authorization_url,
    enter_code,
    invitation_link,
    mailed_link,
    new_person,
    sign_in,
    submit,
)


def visitor(page: Page, issuer: str, client: Client) -> Iterator[str]:
    """Someone whom nobody knows yet."""
    page.goto(f"{issuer}/")
    yield "start"
    page.goto(f"{issuer}/signin/")
    yield "sign-in"
    sign_in(page, "nobody@example.com", "not the password")
    yield "sign-in-refused"
    page.goto(authorization_url(issuer, client))
    yield "sign-in-for-an-application"
    page.goto(f"{issuer}/signup/")
    yield "sign-up"
    page.locator("input[name=email]").fill("carol@example.com")
    page.locator("input[name=password]").fill("short")
    submit(page)
    yield "sign-up-refused"
    page.locator("input[name=password]").fill(PASSWORD)
    submit(page)
    yield "check-mail"
    waiting = page.url
    enter_code(page, "1234")
    yield "check-mail-refused"
    link, cookies = mailed_link("carol@example.com"), page.context.cookies()
    page.goto(link)
    yield "verify"
    # An account with a passkey in place of a password is made in the browser that asked.
    PendingRegistration.objects.update(password=make_password(None))
    page.context.clear_cookies()
    page.goto(link)
    yield "sign-up-elsewhere"
    page.context.clear_cookies()
    page.context.add_cookies(cookies)
    page.goto(f"{issuer}/signup/verify/?token=stale")
    yield "dead-link"
    PendingRegistration.objects.all().delete()
    page.goto(waiting)
    yield "sign-up-over"
    page.goto(invitation_link("erin@example.com"))
    yield "invitation"
    page.goto(f"{issuer}/signup/invitation/?token=stale")
    yield "dead-invitation"
    policy = SignUpPolicy.objects.create(
        mode="invited", contact="the service desk, help@example.com"
    )
    page.goto(f"{issuer}/signup/")
    yield "sign-up-by-invitation"
    policy.mode = "closed"
    policy.save()
    page.goto(f"{issuer}/signup/")
    yield "sign-up-closed"
    policy.delete()
    new_person("dave@example.com")
    page.goto(f"{issuer}/recover/")
    yield "recover"
    page.locator("input[name=email]").fill("dave@example.com")
    submit(page)
    yield "recover-sent"
    page.goto(mailed_link("dave@example.com"))
    yield "recover-set"
    gina = new_person("gina@example.com")
    notify(gina, "password_changed")
    page.goto(mailed_link(gina.email))
    yield "not-me"
    submit(page)
    yield "not-me-done"
    for name, path in {
        "mailbox": "dev/mailbox/",
        "authorization-refused": "oauth/authorize?client_id=unknown",
        "404": "nowhere/",
        "400": "fails/bad-request/",
        "500": "fails/mistake/",
        "503": "fails/outage/",
    }.items():
        page.goto(f"{issuer}/{path}")
        yield name
    frank = new_person("frank@example.com")
    events.record("signin.succeeded", user=frank)
    for _ in range(30):
        throttle("signin", user=frank.email)
    page.goto(f"{issuer}/signin/")
    sign_in(page, frank.email)
    yield "confirm-sign-in"
    with override_settings(
        OSTIARY={**settings.OSTIARY, "BEFORE_SIGNIN_HOOKS": [refuse.__module__ + ".refuse"]}
    ):
        page.goto(f"{issuer}/signin/")
        sign_in(page, "dave@example.com")
        yield "sign-in-not-now"
    page.goto(f"{issuer}/signin/")
    spend_tries("erin@example.com")
    sign_in(page, "erin@example.com")
    yield "throttled"


def refuse(*_: Any) -> None:
    """A rule of the operator's, by which nobody gets in."""
    raise SignInRefused("The library is closed until Monday.")


def spend_tries(email: str) -> None:
    """Have somebody guess until they must wait."""
    try:
        while True:
            throttle("signin", ip="127.0.0.1", user=email)
    except Throttled:
        pass


def terms(page: Page, issuer: str, client: Client) -> Iterator[str]:
    """Someone who meets new terms of use."""
    new_person("dave@example.com")
    steps = {**settings.OSTIARY, "SIGNIN_STEPS": ["accounts.terms.TermsStep"], "TERMS_URL": "/"}
    rules = {**settings.OSTIARY_ACCOUNTS, "TERMS_VERSION": "2026-11"}
    with override_settings(OSTIARY=steps, OSTIARY_ACCOUNTS=rules):
        page.goto(f"{issuer}/signup/")
        yield "sign-up-terms"
        page.goto(f"{issuer}/signin/")
        sign_in(page, "dave@example.com")
        yield "terms"
        with page.expect_navigation():
            page.locator("button[value=decline]").click()
        yield "terms-declined"


def by_email(page: Page, issuer: str, client: Client) -> Iterator[str]:
    """Someone who signs in by mail, on a site that programs are trying."""
    gail = new_person("gail@example.com").email
    of_accounts = {**settings.OSTIARY_ACCOUNTS, "PASSWORDLESS_EMAIL": True}
    with override_settings(OSTIARY_ACCOUNTS=of_accounts):
        page.goto(f"{issuer}/signin/")
        yield "sign-in-with-other-ways"
        page.goto(f"{issuer}/signin/email/")
        yield "sign-in-email"
        page.locator("input[name=email]").fill(gail)
        submit(page)
        yield "sign-in-code"
        link = mailed_link(gail)
        enter_code(page, "0000 0000")
        yield "sign-in-code-refused"
        page.goto(link)
        yield "sign-in-link"
        page.context.clear_cookies()
        page.goto(link)
        yield "sign-in-link-elsewhere"
        page.goto(f"{issuer}/signin/email/link/?token=stale")
        yield "sign-in-link-dead"
    with override_settings(OSTIARY_ACCOUNTS={**of_accounts, "CHALLENGE_ACCOUNTS_PER_SOURCE": 1}):
        page.goto(f"{issuer}/signin/")
        for email in ("nobody@example.com", gail):
            sign_in(page, email, "not the password")
        page.locator("input[name=altcha]:not([value=''])").wait_for(state="attached")
        yield "challenge"
        page.locator("button[name=challenge_by_mail]").click()
        page.locator("input[name=challenge_code]").wait_for()
        yield "challenge-by-mail"
    page.goto(f"{issuer}/signup/")
    page.locator("input[name=password]").fill("iloveyou")
    page.locator("[data-strength-told]:not(:empty)").wait_for()
    yield "sign-up-advised"
    # Without scripts, the advice is a page.
    with page.expect_navigation():
        page.locator("input[name=password]").evaluate(
            "it => { it.form.action = '/password/strength/'; it.form.submit(); }"
        )
    yield "sign-up-advice"


def stolen(page: Page, issuer: str, client: Client) -> Iterator[str]:
    """Someone whose password is in a list of stolen ones."""
    hank = new_person("hank@example.com")
    lists = settings.VAR_DIR / "stolen.txt"
    lists.write_text(hashlib.sha1(PASSWORD.encode(), usedforsecurity=False).hexdigest().upper())
    of_accounts = {**settings.OSTIARY_ACCOUNTS, "BREACHED_PASSWORDS_FILE": str(lists)}
    steps = {**settings.OSTIARY, "SIGNIN_STEPS": [breached.STEP]}
    with override_settings(OSTIARY_ACCOUNTS=of_accounts):
        page.goto(f"{issuer}/signin/")
        sign_in(page, hank.email)
        yield "account-password-stolen"
        page.context.clear_cookies()
        with override_settings(OSTIARY=steps):
            page.goto(f"{issuer}/signin/")
            sign_in(page, hank.email)
            yield "sign-in-new-password"


class LostPhone:
    """The second factor of everybody, which nobody can use."""

    def factors_of(self, user: Any) -> list[str]:
        """One."""
        return ["Authenticator app"]

    def has_strong(self, user: Any) -> bool:
        """It would be."""
        return True

    def reset(self, user: Any) -> None:
        """Nothing is kept."""


def locked_out(page: Page, issuer: str, client: Client) -> Iterator[str]:
    """Someone who can't use their second factor."""
    fay = new_person("fay@example.com").email
    page.goto(f"{issuer}/signin/")
    sign_in(page, fay)
    factors.register_keeper("tour", LostPhone())
    try:
        page.goto(f"{issuer}/recover/second-step/")
        yield "second-step"
        page.locator("input[name=email]").fill(fay)
        submit(page)
        yield "second-step-sent"
        page.goto(mailed_link(fay))
        yield "second-step-go-on"
        submit(page)
        yield "second-step-begun"
        stop = mailed_link(fay)
        page.goto(f"{issuer}/account/security/")
        yield "account-security-recovery"
        page.goto(stop)
        yield "second-step-stop"
        submit(page)
        yield "second-step-stopped"
    finally:
        factors._keepers.pop("tour")


def helped(page: Page, issuer: str, client: Client) -> Iterator[str]:
    """Someone whom an operator helps back in."""
    boss = new_person("boss@example.com", is_staff=True, is_superuser=True)
    hugo, iris = new_person("hugo@example.com"), new_person("iris@example.com")
    given = {"reason": "Ticket 7", "checked": "Badge", "resets_factors": True}
    support.open_case(boss, hugo, **given)
    page.goto(mailed_link(hugo.email))
    yield "support-link"
    page.goto(f"{issuer}/recover/support/?token=stale")
    yield "support-link-dead"
    support.open_case(boss, iris, email="iris@new.example", **given)
    stop = mailed_link(iris.email)
    page.goto(f"{issuer}/signin/")
    sign_in(page, iris.email)
    page.goto(f"{issuer}/account/security/")
    yield "account-security-support"
    page.goto(stop)
    yield "support-stop"
    submit(page)
    yield "support-stopped"
