"""Who is signed in, and the applications they use."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from django.conf import settings
from django.contrib.auth.models import Permission
from django.test import override_settings
from django.utils import timezone
from playwright.sync_api import Page

from oauth import device_authorization
from oauth.models import Client
from ostiary import erasure, mail_standing, outbox
from ostiary.models import Export
from passkeys.models import Credential

from ..authenticator import Authenticator
from ..conftest import (
    PASSWORD,
    authorization_url,
    enter_code,
    mailed_code,
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
    stranger = Client.objects.create(
        name="Donaudampfschifffahrtsgesellschaftskapitänsmützenverwaltung",
        client_type=Client.CLIENT_PUBLIC,
        registration_source=Client.RegistrationSource.DCR,
        redirect_uris="http://127.0.0.1:58135/callback",
        grant_types=["authorization_code"],
        scopes=["openid"],
        audiences=client.audiences,
    )
    page.goto(authorization_url(issuer, stranger))
    yield "consent-stranger"
    page.goto(authorization_url(issuer, client, prompt="select_account"))
    yield "select-account"
    # Without the script that sends it, the page stays.
    page.route("**/form_post.js", lambda route: route.abort())
    page.goto(authorization_url(issuer, client, response_mode="form_post"))
    submit(page)
    yield "form-post"
    # While nothing is to be had at the redirect URI, the page stays.
    page.route(
        lambda url: url.startswith(client.redirect_uris), lambda route: route.abort("aborted")
    )
    page.goto(authorization_url(issuer, client, prompt="consent"))
    with page.expect_event("requestfailed"):
        page.locator("main form button[type=submit]").first.click()
    yield "answer"
    page.goto(f"{issuer}/account/")
    yield "account"
    pages = "profile picture security sessions activity privacy applications"
    for name in pages.split():
        page.goto(f"{issuer}/account/{name}/")
        yield f"account-{name}"
    page.goto(f"{issuer}/.well-known/change-password")
    yield "account-security-password"
    page.goto(f"{issuer}/account/profile/")
    page.locator("#edit-name").press("Enter")  # as by keyboard, so that the focus shows
    yield "account-profile-editing"
    page.locator("input[name=preferred_username]").fill("Al")
    page.locator("details[open] button[type=submit]").click()
    page.locator(".alert-success").first.wait_for()
    yield "account-profile-saved"
    page.goto(f"{issuer}/account/email/")
    page.locator("main input[name=email]").fill("alice@new.example")
    submit(page)
    yield "account-email"
    link = mailed_link("alice@new.example")
    alice, elsewhere = page.context.cookies(), new_person("bert@example.com")
    page.context.clear_cookies()
    page.goto(f"{issuer}/signin/")
    sign_in(page, elsewhere.email)
    page.goto(link)
    yield "email-of-another"
    page.context.clear_cookies()
    page.context.add_cookies(alice)
    page.goto(link)
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
    page.locator("#edit-name").press("Enter")  # as by keyboard, so that the focus shows
    page.context.clear_cookies(name="ostiary_csrf")
    page.locator("details[open] button[type=submit]").click()
    page.wait_for_load_state()
    yield "403-form-too-old"
    page.goto(f"{issuer}/oauth/logout?client_id={client.client_id}")
    yield "logout"
    page.goto(
        f"{issuer}/oauth/logout?client_id={client.client_id}"
        "&post_logout_redirect_uri=https://rp.example/not-registered"
    )
    page.locator("details").evaluate("details => { details.open = true; }")
    yield "logout-that-leads-nowhere"
    page.goto(f"{issuer}/signout/")
    yield "sign-out"
    submit(page)
    yield "signed-out"
    page.goto(f"{issuer}/oauth/logout")
    yield "logged-out"


def connected(page: Page, issuer: str, client: Client) -> Iterator[str]:
    """Someone who has connected a television and a second browser."""
    hugo = new_person("hugo@example.com", name="Hugo")
    elsewhere = page.context.browser.new_page()
    elsewhere.goto(f"{issuer}/signin/")
    sign_in(elsewhere, hugo.email)
    elsewhere.context.close()
    client.grant_types = [*client.grant_types, device_authorization.GRANT_TYPE]
    client.save()
    asked = device_authorization.start(client, client.scopes, client.audiences, "203.0.113.9")
    page.goto(f"{issuer}/oauth/device")
    sign_in(page, hugo.email)
    yield "device"
    page.locator("input[name=user_code]").fill("BCDF-GHJK")
    submit(page)
    yield "device-refused"
    page.locator("input[name=user_code]").fill(asked["user_code"])
    submit(page)
    yield "device-confirm"
    with page.expect_navigation():
        page.locator("button[value=allow]").click()
    yield "device-done"
    page.goto(f"{issuer}/account/applications/")
    yield "account-applications-connected"
    page.locator(".row-action a").first.click()
    yield "account-applications-remove"
    page.goto(f"{issuer}/account/")
    yield "account-connected"
    page.goto(f"{issuer}/account/sessions/")
    yield "account-sessions-two"


def developer(page: Page, issuer: str, client: Client) -> Iterator[str]:
    """Someone who registers applications of their own."""
    ivy = new_person("ivy@example.com")
    ivy.user_permissions.add(Permission.objects.get(codename="own_clients"))
    page.goto(f"{issuer}/account/applications/own/")
    sign_in(page, ivy.email)
    yield "own-applications-none"
    page.goto(f"{issuer}/account/applications/own/register/")
    yield "own-application-register"
    page.locator("input[name=name]").fill("Ivy’s notes")
    page.locator("select[name=client_type]").select_option("confidential")
    page.locator("input[name=scopes]").first.check()
    page.locator("textarea[name=redirect_uris]").fill("javascript:alert(1)")
    submit(page)
    yield "own-application-refused"
    page.locator("textarea[name=redirect_uris]").fill("https://notes.example/callback")
    submit(page)
    yield "own-application-made"
    page.goto(f"{issuer}/account/applications/own/")
    yield "own-applications"
    for name, link in {
        "change": "h2 a",
        "secret": "a[href*=secret]",
        "delete": "a[href*=delete]",
    }.items():
        page.goto(f"{issuer}/account/applications/own/")
        with page.expect_navigation():
            page.locator(f"main .list {link}").click()
        yield f"own-application-{name}"


def copied(page: Page, issuer: str, client: Client) -> Iterator[str]:
    """Someone who has a copy made of their data."""
    kim = new_person("kim@example.com")
    page.goto(f"{issuer}/signin/?next=/account/privacy/export/")
    sign_in(page, kim.email)
    yield "account-export"
    submit(page)
    yield "account-export-collected"
    outbox.deliver_due()
    page.reload()
    yield "account-export-ready"
    offered = Export.objects.get(user=kim)
    Export.objects.update(expires_at=timezone.now())
    page.goto(f"{issuer}/account/privacy/export/{offered.pk}/")
    yield "account-export-gone"


def erased(page: Page, issuer: str, client: Client) -> Iterator[str]:
    """Someone who asks to be erased and thinks better of it, and someone with a receipt."""
    rosa = new_person("rosa@example.com")
    page.goto(f"{issuer}/signin/?next=/account/privacy/erase/")
    sign_in(page, rosa.email)
    yield "account-erase"
    submit(page)
    yield "account-privacy-to-be-erased"
    link = mailed_link(rosa.email, "/keep-account/")
    page.context.clear_cookies()
    page.goto(link)
    yield "keep-account"
    submit(page)
    yield "account-kept"
    page.goto(f"{issuer}/privacy/receipts/verify")
    yield "receipt"
    submit(page)
    yield "receipt-refused"
    gone = erasure.request(new_person("gone@example.com"), grace=timedelta())
    erasure.run(gone.pk)
    gone.refresh_from_db()
    page.locator("textarea[name=receipt]").fill(gone.receipt)
    submit(page)
    yield "receipt-genuine"
    sam = new_person("sam@example.com")
    sam.set_password("a short one")
    sam.save()
    page.goto(f"{issuer}/signin/")
    sign_in(page, sam.email, "a short one")
    yield "longer-password"


def unreachable(page: Page, issuer: str, client: Client) -> Iterator[str]:
    """Someone to whom mail comes back, and who confirms that the address is right."""
    uma = new_person("uma@example.com")
    mail_standing.refused(uma.email, "1")
    page.goto(f"{issuer}/signin/?next=/account/security/")
    sign_in(page, uma.email)
    yield "account-security-mail-comes-back"
    page.goto(f"{issuer}/account/email/")
    yield "account-email-mail-comes-back"
    with page.expect_navigation():
        page.locator("form[action$='/again/'] button").click()
    page.goto(mailed_link(uma.email))
    yield "account-email-confirm-again"


def sign_up_without_password(page: Page, email: str) -> None:
    """Fill in the form that is shown, and confirm the address."""
    page.locator("input[name=email]").fill(email)
    submit(page)
    enter_code(page, mailed_code(email))


def passkeys(page: Page, issuer: str, client: Client) -> Iterator[str]:
    """Someone who comes by a passkey, and to others."""
    email = new_person("pat@example.com").email
    authenticator = Authenticator(page)
    page.goto(f"{issuer}/signup/?instead=passkey")
    yield "sign-up-without-password"
    sign_up_without_password(page, "quinn@example.com")
    yield "sign-up-passkey"
    page.goto(f"{issuer}/signin/")
    yield "sign-in-unfinished"
    page.context.clear_cookies()
    # A site that has nobody make the passkey before they are signed in.
    with override_settings(OSTIARY={**settings.OSTIARY, "SIGNIN_STEPS": []}):
        page.goto(f"{issuer}/signup/?instead=passkey")
        sign_up_without_password(page, "rosa@example.com")
        page.goto(f"{issuer}/account/")
        yield "account-without-way-in"
        page.goto(f"{issuer}/account/security/")
        yield "account-security-without-way-in"
    page.context.clear_cookies()
    page.goto(f"{issuer}/signin/?acr_values=phr")
    sign_in(page, email)
    yield "passkey-set-up"
    page.locator("button[name=later]").click()
    page.wait_for_url("**/account/")
    page.context.clear_cookies()
    with page.expect_response("**/signin/passkey/"):
        page.goto(f"{issuer}/signin/")
    sign_in(page, email)
    page.wait_for_url("**/signin/passkey-offer/**")
    yield "passkey-offer"
    page.locator("button[name=later]").click()
    page.wait_for_url("**/account/")
    page.goto(f"{issuer}/account/security/passkeys/")
    yield "account-passkeys-none"
    submit(page)
    yield "account-security-passkeys"
    passkey = Credential.objects.get()
    for name, path in {"rename": "", "remove": "remove/"}.items():
        page.goto(f"{issuer}/account/security/passkeys/{passkey.pk}/{path}")
        yield f"account-passkey-{name}"
    page.goto(f"{issuer}/signin/passkey/?reauthenticate=1")
    yield "passkey-confirm"
    page.context.clear_cookies()
    authenticator.is_touched(False)
    page.goto(f"{issuer}/signin/passkey/")
    yield "sign-in-passkey"
    page.goto(f"{issuer}/signin/")
    sign_in(page, email)
    yield "second-step-passkey"
    page.evaluate("document.querySelector('form[data-passkey]').submit()")
    page.locator("[role=alert]").wait_for()
    yield "second-step-passkey-refused"
