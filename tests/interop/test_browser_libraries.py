"""Libraries of npm for applications in the browser, in Chromium: each at the version of
package.json and with the settings that docs/reference/clients.md tells."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.django_db(transaction=True)

REDIRECT = ["oidc_client_ts", "angular_auth_oidc_client", "keycloak_js"]
REFUSED = {
    "oidc_client_ts": "The user denied access.",
    "oidc_client_ts_3_1": "The user denied access.",
    "angular_auth_oidc_client": "no code in url",
    "keycloak_js": "access_denied",
}
POP_UP = ["oidc_client_ts", "oidc_client_ts_3_1", "angular_auth_oidc_client"]


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


@pytest.mark.parametrize("library", POP_UP)
def test_its_pop_up_tells_that_the_person_refused(open_library, library):
    assert REFUSED[library] in str(open_library(library).sign_in_by_pop_up("Deny"))


@pytest.mark.parametrize("library", ["oidc_client_ts", "angular_auth_oidc_client"])
def test_it_renews_its_tokens_without_a_page(open_library, library):
    application = open_library(library)
    before = application.sign_in()

    after = application.ask("renew()")

    assert after["token"] != before["token"]
    assert after["claims"]["sub"] == before["claims"]["sub"]


@pytest.mark.parametrize("library", REDIRECT)
def test_it_is_told_that_the_person_refused(open_library, library):
    application = open_library(library)

    assert application.sign_in("Deny") is None
    assert REFUSED[library] in application.ask("trouble")
