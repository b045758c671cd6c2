"""npm's @azure/msal-browser and @azure/msal-node with ``protocolMode: "OIDC"``: a provider that is
not Microsoft's, by https."""

import pytest

from tests.oauth.flow import said_by

from .conftest import API

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def issuer(secure_issuer):
    """MSAL takes no other."""
    return secure_issuer


def test_msal_node(run_node_client, issuer, client, person):
    told = client(
        "client_secret_post",
        grant_types=["authorization_code", "refresh_token", "client_credentials"],
        scopes=["openid", "profile", "email", "api:read"],  # it asks for offline_access as well
    )

    learned = run_node_client("msal_node.mjs", {**told, "issuer": issuer}, person)

    assert "offline_access" in learned["goTo"]
    assert "offline_access" not in learned["scopes"]
    assert learned["claims"]["email"] == "grace@example.com"
    assert learned["renewed"]
    assert said_by(learned["own"])["aud"] == API


@pytest.mark.parametrize("version", ["msal_browser", "msal_browser_4"])
def test_msal_browser_by_redirect(open_application, issuer, version):
    application = open_application(version, {})

    who = application.sign_in()
    renewed = application.ask("renew()")
    silent = application.ask("silent()")
    application.sign_out()

    assert who["claims"]["email"] == "grace@example.com"
    assert renewed["token"] != who["token"]
    assert silent["token"] == renewed["token"]
    assert application.ask("who()") is None
    application.window.goto(f"{issuer}/account/")
    assert "/signin/" in application.window.url


def test_msal_browser_that_does_not_say_who_it_is_signs_out_without_the_way_back(
    open_application, issuer
):
    application = open_application("msal_browser", {})
    application.sign_in()

    application.window.evaluate("() => { app.signOutWithoutHint() }")
    application.window.get_by_role("button", name="Sign out", exact=True).click()

    application.window.get_by_text("You’re signed out").first.wait_for()
    application.window.goto(f"{issuer}/account/")
    assert "/signin/" in application.window.url


@pytest.mark.parametrize("version", ["msal_browser", "msal_browser_4"])
def test_msal_browser_by_pop_up(open_application, version):
    application = open_application(version, {})

    assert application.sign_in_by_pop_up()["claims"]["email"] == "grace@example.com"
