"""Libraries of npm for applications in the browser, in Chromium and unchanged."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.django_db(transaction=True)

REDIRECT = [
    "oidc_client_ts",
    "angular_auth_oidc_client",
    "keycloak_js",
]
POP_UP = [
    "oidc_client_ts",
    "oidc_client_ts_3_1",
    "angular_auth_oidc_client",
]


@pytest.fixture
def open_library(open_application):
    """Opens the application of a library, registered as the library needs it."""

    def run(library):
        # It reads a refresh token as a JWT, and goes no further where it is none.
        fields = {"grant_types": ["authorization_code"]} if library == "keycloak_js" else {}
        return open_application(library, fields)

    return run


@pytest.mark.parametrize("library", REDIRECT)
def test_it_signs_a_person_in_by_redirect_and_out(open_library, issuer, library):
    application = open_library(library)

    who = application.sign_in()
    application.sign_out()

    assert who["claims"]["email"] == "grace@example.com"
    assert application.ask("who()") is None
    application.window.goto(f"{issuer}/account/")
    assert "/signin/" in application.window.url


@pytest.mark.parametrize("library", POP_UP)
def test_it_signs_a_person_in_by_pop_up(open_library, library):
    who = open_library(library).sign_in_by_pop_up()

    assert who["claims"]["email"] == "grace@example.com"
