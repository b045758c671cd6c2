"""Someone with an authenticator app signs in at a client: what is asked, and what is told."""

from urllib.parse import parse_qsl, urlsplit

import pytest
from django.test import Client as Browser

from tests.oauth import flow
from tests.oauth.conftest import PASSWORD

pytestmark = [pytest.mark.django_db, pytest.mark.needs("accounts"), pytest.mark.needs("mfa")]

CHALLENGE = "/signin/second-step/app/"


@pytest.fixture
def app(person):
    """Alice's authenticator app."""
    from mfa.models import AuthenticatorApp

    return AuthenticatorApp.objects.create(
        user=person, key=AuthenticatorApp.new_key(), confirmed=True
    )


def show_password(browser, asked):
    """Sign in by password at the page that the authorization request leads to."""
    query = dict(parse_qsl(urlsplit(asked["Location"]).query))
    form = {"identifier": "alice@example.com", "password": PASSWORD, "next": query["next"]}
    return browser.post(asked["Location"], form)


def show_code(browser, app):
    """Enter the code of the app, and go where that leads."""
    from tests.mfa.flow import code_of

    answer = browser.post(CHALLENGE, {"code": code_of(app)})
    assert answer.status_code == 302
    return browser.get(answer["Location"])


def tokens_of(client, response, verifier):
    return flow.redeem(client, flow.answer_of(response)["code"], verifier).json()


def test_the_id_token_says_which_factors_were_shown(app, confidential_client):
    browser, verifier = Browser(), flow.new_verifier()
    asked = flow.authorize(browser, confidential_client, verifier=verifier)
    assert show_password(browser, asked)["Location"].partition("?")[0] == CHALLENGE

    consent = show_code(browser, app)
    tokens = tokens_of(confidential_client, flow.allow(browser, consent), verifier)

    for token in (tokens["id_token"], tokens["access_token"]):
        assert flow.said_by(token)["acr"] == "urn:ostiary:aal2"
        assert flow.said_by(token)["amr"] == ["pwd", "otp", "mfa"]


def test_c7_with_the_second_factor_missing_the_client_gets_nothing(app, confidential_client):
    browser = Browser()
    asked = flow.authorize(browser, confidential_client)
    show_password(browser, asked)

    assert flow.authorize(browser, confidential_client)["Location"].startswith("/signin/?")
    silent = flow.authorize(browser, confidential_client, prompt="none")
    assert flow.answer_of(silent)["error"] == "login_required"


def test_a_session_of_one_factor_is_stepped_up_for_a_client_that_asks(
    consenting_browser, confidential_client, app
):
    browser, verifier = consenting_browser, flow.new_verifier()
    wanted = {"acr_values": "urn:ostiary:aal2", "verifier": verifier}

    asked = flow.authorize(browser, confidential_client, **wanted)
    assert show_password(browser, asked)["Location"].partition("?")[0] == CHALLENGE
    response = show_code(browser, app)

    claims = flow.said_by(tokens_of(confidential_client, response, verifier)["id_token"])
    assert claims["acr"] == "urn:ostiary:aal2"
    assert claims["amr"] == ["pwd", "otp", "mfa"]
    again = flow.authorize(browser, confidential_client, acr_values="urn:ostiary:aal2")
    assert "code" in flow.answer_of(again)
