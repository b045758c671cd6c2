"""Who looks after the site."""

from __future__ import annotations

from collections.abc import Iterator

from playwright.sync_api import Page

from oauth.models import Client

from ..conftest import (
    new_person,
    sign_in,
)


def operator(page: Page, issuer: str, client: Client) -> Iterator[str]:
    """Someone who looks after the site."""
    ada = new_person("admin@example.com", name="Ada Operator", is_staff=True, is_superuser=True)
    page.goto(f"{issuer}/admin/")
    sign_in(page, ada.email)
    yield "admin"
    page.goto(f"{issuer}/")
    yield "start-operator"
    for name, path in {
        "people": "ostiary_accounts/user/",
        "invitations": "ostiary_accounts/invitation/",
        "invite": "ostiary_accounts/invitation/add/",
        "sign-up-policy": "ostiary_accounts/signuppolicy/add/",
        "person": f"ostiary_accounts/user/{ada.pk}/change/",
        "clients": "ostiary_oauth/client/",
        "client": f"ostiary_oauth/client/{client.pk}/change/",
        "keys": "ostiary_oauth/signingkey/",
        "events": "ostiary/event/",
        "sessions": "ostiary/session/",
        "outbox": "ostiary/outboxmessage/",
    }.items():
        page.goto(f"{issuer}/admin/{path}")
        yield f"admin-{name}"
