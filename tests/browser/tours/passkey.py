"""Passkeys: offered, asked for, looked after."""

from __future__ import annotations

from collections.abc import Iterator

from playwright.sync_api import Page

from oauth.models import Client
from ostiary import cookies
from passkeys import offer
from tests.passkeys.conftest import with_passkey

from ..conftest import new_person, sign_in, sit_down


def by_passkey(page: Page, issuer: str, client: Client) -> Iterator[str]:
    """Someone who has a passkey, on another device."""
    nora = new_person("nora@example.com")
    with_passkey(nora, origin=issuer)
    page.goto(f"{issuer}/signin/passkey/")
    yield "passkey-sign-in"
    page.goto(f"{issuer}/signin/")
    sign_in(page, nora.email)
    yield "passkey-second-step"
    page.goto(f"{issuer}/recover/second-step/")
    yield "second-step-known"
    sit_down(page, issuer, nora)
    page.goto(f"{issuer}/account/security/")
    yield "account-security-passkey"
    own = nora.ostiary_passkeys.get().pk
    for name, path in {"s": "", "-rename": f"{own}/", "-remove": f"{own}/remove/"}.items():
        page.goto(f"{issuer}/account/security/passkeys/{path}")
        yield f"passkey{name}"
    page.goto(f"{issuer}/signin/passkey/?reauthenticate=1")
    yield "passkey-confirm"


def offered_a_passkey(page: Page, issuer: str, client: Client) -> Iterator[str]:
    """Someone who signs in by a password, in a browser that could make a passkey."""
    name = cookies.name_of(offer.COOKIE)
    page.context.add_cookies([{"name": name, "value": offer.ABLE, "url": issuer}])
    new_person("olga@example.com")
    page.goto(f"{issuer}/signin/")
    sign_in(page, "olga@example.com")
    yield "passkey-offer"
    sit_down(page, issuer, new_person("paul@example.com"))
    page.goto(f"{issuer}/account/security/passkeys/")
    yield "passkeys-none"
