"""Who is signed in, and the applications they use."""

from __future__ import annotations

from collections.abc import Iterator

from playwright.sync_api import Page

from oauth.models import Client

from ..conftest import (
    PASSWORD,
    authorization_url,
    mailed_link,
    new_person,
    sign_in,
    submit,
)


def person(page: Page, issuer: str, client: Client) -> Iterator[str]:
    """Someone with an account."""
    new_person("alice@example.com", name="Alice Archer", given_name="Alice", family_name="Archer")
    page.goto(authorization_url(issuer, client))
    sign_in(page)
    yield "consent"
    page.goto(authorization_url(issuer, client, prompt="select_account"))
    yield "select-account"
    # Without the script that sends it, the page stays.
    page.route("**/form_post.js", lambda route: route.abort())
    page.goto(authorization_url(issuer, client, response_mode="form_post"))
    submit(page)
    yield "form-post"
    page.goto(f"{issuer}/account/")
    yield "account"
    for name in ("profile", "security", "sessions", "activity", "privacy", "applications"):
        page.goto(f"{issuer}/account/{name}/")
        yield f"account-{name}"
    page.goto(f"{issuer}/account/profile/")
    page.locator("input[name=preferred_username]").fill("Al")
    submit(page)
    yield "account-profile-saved"
    page.goto(f"{issuer}/account/email/")
    page.locator("main input[name=email]").fill("alice@new.example")
    submit(page)
    yield "account-email"
    page.goto(mailed_link("alice@new.example"))
    yield "email-confirm"
    submit(page)
    page.goto(mailed_link("alice@example.com"))
    yield "email-undo"
    submit(page)
    yield "email-undone"
    page.goto(mailed_link("alice@example.com"))
    page.locator("input[name=password]").fill(PASSWORD)
    submit(page)
    sign_in(page)
    page.goto(f"{issuer}/signin/?reauthenticate=1&next=/account/security/")
    yield "sign-in-again"
    page.goto(f"{issuer}/admin/")
    yield "403"
    page.goto(f"{issuer}/account/profile/")
    page.context.clear_cookies(name="ostiary_csrf")
    submit(page)
    yield "403-form-too-old"
    page.goto(f"{issuer}/oauth/logout?client_id={client.client_id}")
    yield "logout"
    page.goto(f"{issuer}/signout/")
    yield "sign-out"
    submit(page)
    yield "signed-out"
    page.goto(f"{issuer}/oauth/logout")
    yield "logged-out"
