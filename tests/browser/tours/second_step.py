"""Second factors: set up, looked after, asked for."""

from __future__ import annotations

from collections.abc import Iterator

from playwright.sync_api import Page

from mfa.models import AuthenticatorApp
from oauth.models import Client
from ostiary import factors
from tests.mfa.flow import code_of

from ..conftest import enter_code, new_person, sign_in, submit

SHORT = "fvbnuyht"
"""Long enough beside a second factor."""


def by_app(page: Page, issuer: str, client: Client) -> Iterator[str]:
    """Someone who sets up an authenticator app, and signs in by it."""
    kim = new_person("kim@example.com")
    page.goto(f"{issuer}/account/security/app/")
    sign_in(page, kim.email)
    yield "app-confirm"
    page.locator("input[name=name]").fill("Phone")
    enter_code(page, "0")
    yield "app-confirm-refused"
    app = AuthenticatorApp.objects.get(user=kim)
    enter_code(page, code_of(app))
    submit(page)  # recovery codes
    page.goto(f"{issuer}/account/security/")
    yield "account-security-factors"
    for name, path in {
        "app": "",
        "app-change": f"{app.pk}/",
        "app-remove": f"{app.pk}/remove/",
        "app-replace": f"?replaces={app.pk}",
    }.items():
        page.goto(f"{issuer}/account/security/app/{path}")
        yield name
    page.context.clear_cookies()
    page.goto(f"{issuer}/signin/")
    sign_in(page, kim.email)
    yield "app-challenge"
    enter_code(page, "0")
    yield "app-challenge-refused"
    page.goto(f"{issuer}/signin/second-step/recovery-code/")
    yield "recovery-code-challenge"
    page.goto(f"{issuer}/recover/second-step/")
    yield "second-step-known"
    page.goto(f"{issuer}/signin/second-step/app/")
    page.locator("#id_trust").check()
    enter_code(page, code_of(app, 1))
    page.goto(f"{issuer}/account/security/")
    yield "account-security-trusted-device"
    page.goto(f"{issuer}/account/security/trusted-devices/")
    yield "trusted-devices"
    page.goto(f"{issuer}/account/security/factors/")
    yield "factors"
    page.context.clear_cookies()
    factors.reset(kim)
    kim.set_password(SHORT)
    kim.save()
    page.goto(f"{issuer}/signin/")
    sign_in(page, kim.email, SHORT)
    yield "longer-password"
