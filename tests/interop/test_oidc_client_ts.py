"""npm's oidc-client-ts in Chromium: an application in the browser, on another origin than ours."""

from __future__ import annotations

import json
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.machine import free_port, npm_packages

from .conftest import HERE, PASSWORD, register

pytestmark = pytest.mark.django_db(transaction=True)


class _Application(SimpleHTTPRequestHandler):
    """Serves the application's three files; every other address is its page."""

    def translate_path(self, path: str) -> str:
        name = path.partition("?")[0].lstrip("/")
        if name == "oidc-client-ts.min.js":
            return str(npm_packages(HERE) / "oidc-client-ts" / "dist" / "browser" / name)
        found = HERE / "spa" / name
        return str(found if found.is_file() else Path(HERE, "spa", "index.html"))

    def log_message(self, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def application():
    """The address of the application."""
    port = free_port()
    server = ThreadingHTTPServer(("127.0.0.1", port), partial(_Application))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://localhost:{port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def sign_in(chromium, application, issuer, person):
    """Opens the application in a window, registered as a public client, and signs in to it."""
    context = chromium.new_context()

    def run(**more):
        told = register(
            "none",
            redirect_uris=f"{application}/callback",
            post_logout_redirect_uris=f"{application}/",
            allowed_origins=application,
        )
        chosen = {
            "authority": issuer,
            "client_id": told["client_id"],
            "scope": "openid email offline_access",
            **more,
        }
        window = context.new_page()
        window.set_default_timeout(60_000)
        window.goto(f"{application}/")
        window.evaluate("chosen => localStorage.setItem('chosen', chosen)", json.dumps(chosen))
        window.goto(f"{application}/")
        go_through(window, application)
        return window

    yield run
    context.close()


@pytest.fixture
def page(sign_in):
    """The application, signed in to."""
    return sign_in()


def go_through(window, application: str) -> None:
    """Go through the provider's pages and come back."""
    window.evaluate("() => { app.signIn() }")
    window.get_by_label("Email").fill("grace@example.com")
    window.get_by_role("textbox", name="Password").fill(PASSWORD)
    window.get_by_role("button", name="Sign in", exact=True).click()
    window.get_by_role("button", name="Allow", exact=True).click()
    window.wait_for_url(f"{application}/")
    window.locator("#ready").wait_for()


def test_an_application_in_the_browser_signs_a_person_in(page):
    who = page.evaluate("app.who()")

    assert who["profile"]["email"] == "grace@example.com"


def test_it_renews_its_tokens_without_a_page(page):
    before = page.evaluate("app.who()")

    after = page.evaluate("app.renew()")

    assert after["token"] != before["token"]
    assert after["profile"]["sub"] == before["profile"]["sub"]


def test_after_it_revoked_its_token_it_renews_no_more(page):
    page.evaluate("app.revoke()")

    assert page.evaluate("app.renew().then(() => 'renewed', () => 'refused')") != "renewed"


@pytest.mark.parametrize("nonce", [False, True])
def test_its_tokens_are_bound_to_a_key_that_does_not_leave_the_browser(sign_in, settings, nonce):
    settings.OSTIARY_OAUTH = {**settings.OSTIARY_OAUTH, "DPOP_NONCE_REQUIRED": nonce}
    page = sign_in(dpop=True)

    before, userinfo = page.evaluate("app.who()"), page.evaluate("app.proven()")
    after = page.evaluate("app.renew()")

    assert before["type"] == after["type"] == "DPoP"
    assert bool(userinfo["nonce"]) is nonce
    assert userinfo["claims"]["email"] == "grace@example.com"
    assert after["token"] != before["token"]


def test_it_signs_the_person_out(page, issuer, application):
    page.evaluate("() => { app.signOut() }")
    page.wait_for_url(f"{application}/**")
    page.locator("#ready").wait_for()

    assert page.evaluate("app.who()") is None
    page.goto(f"{issuer}/account/")
    assert "/signin/" in page.url
