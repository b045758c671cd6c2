"""Libraries with which web applications in JavaScript sign people in, each at the version of
package.json and with the settings that docs/reference/clients.md tells."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.machine import free_port

from .conftest import register

pytestmark = pytest.mark.django_db(transaction=True)

CALLBACKS = {
    "auth_js": "/auth/callback/ostiary",
    "better_auth": "/api/auth/callback/ostiary",
    "express_openid_connect": "/callback",
    "fastify_oauth2": "/callback",
    "passport_openidconnect": "/callback",
}
WITHOUT_PKCE = {"passport_openidconnect"}
REFUSED = {
    "auth_js": "Try signing in with a different account",
    "better_auth": '"refused":"?error=access_denied',
    "express_openid_connect": '"refused":"access_denied"',
    "fastify_oauth2": '"refused":"access_denied"',
    "passport_openidconnect": '"refused":"AuthenticationError: Unauthorized"',
}
SIGNED_IN = '"email":"grace@example.com"'


@pytest.fixture
def visit(run_node_client, issuer, person):
    """Runs a web application and lets the person do something there, who is given its address;
    what they saw."""

    def run(library: str, do: Callable[[str], Any]) -> Any:
        base = f"http://127.0.0.1:{free_port()}"
        registered = register(
            "client_secret_basic",
            redirect_uris=f"{base}{CALLBACKS[library]}",
            post_logout_redirect_uris=f"{base} {base}/",
            token_endpoint_auth_methods=[],  # as the admin makes it: in the header or the body
            pkce_exempt=library in WITHOUT_PKCE,
        )
        seen: list[Any] = []

        def visit(base: str) -> str:
            seen.append(do(base))
            return "done"

        run_node_client(
            f"web/{library}.mjs",
            {**registered, "issuer": issuer, "base": base},
            visit=visit,
        )
        return seen[0]

    return run


@pytest.mark.parametrize("library", CALLBACKS)
def test_it_signs_a_person_in(visit, person, library):
    page = visit(library, lambda base: person.read(base, until=SIGNED_IN))

    assert json.loads(page).get("renewed", True)


@pytest.mark.parametrize(("library", "told"), REFUSED.items())
def test_it_is_told_that_the_person_refused(visit, person, library, told):
    assert visit(library, lambda base: person.read(base, until=told, decision="deny"))


@pytest.mark.parametrize("library", ["better_auth", "express_openid_connect"])
def test_it_signs_the_person_out_here_too(visit, issuer, person, library):
    def come_and_go(base):
        person.read(base, until=SIGNED_IN)
        return person.go(f"{base}/logout", until=base)

    visit(library, come_and_go)

    assert "/signin/" in person.browser.get(f"{issuer}/account/").headers["location"]
