"""The authorization request: what is shown, what is redirected, what is refused (A1 to A5 of
SECURITY)."""

from urllib.parse import urlencode

import pytest
from django.test import Client as Browser

from oauth import authorization_request
from oauth.models import Grant
from oauth.parameters import QUERY_MAX_LENGTH
from tests.oauth import flow
from tests.oauth.conftest import API

pytestmark = pytest.mark.django_db

ISSUER = "http://localhost:8000"


def error_of(browser, client, **overrides) -> str:
    """The error that the request is answered with at the redirect URI, with state and issuer."""
    response = flow.authorize(browser, client, **overrides)
    assert response.status_code == 302, response.content
    assert response["Location"].startswith(
        ("https://rp.example/callback?", "https://rp.example/callback#")
    )
    assert "no-store" in response["Cache-Control"]
    answer = flow.answer_of(response)
    assert answer["iss"] == ISSUER
    assert "code" not in answer
    return answer["error"]


# --- an error page, never a redirect (A1) --------------------------------------------------------


@pytest.mark.parametrize(
    "overrides",
    [
        {"client_id": "nobody"},
        {"client_id": ""},
        {"client_id": None},
        {"client_id": "x" * 300},
        {"client_id": "nul\x00nul"},
        {"redirect_uri": None},
        {"redirect_uri": ""},
        {"redirect_uri": "https://evil.example/callback"},
        {"redirect_uri": "https://rp.example/callback/"},
        {"redirect_uri": "https://rp.example/callback?a=b"},
        {"redirect_uri": "https://rp.example/callback#fragment"},
        {"redirect_uri": "https://rp.example/callback/../callback"},
        {"redirect_uri": "https://user@rp.example/callback"},
        {"redirect_uri": "HTTPS://rp.example/callback"},
        {"redirect_uri": "//rp.example/callback"},
        {"redirect_uri": "javascript:alert(1)"},
        {"redirect_uri": "data:text/html,hello"},
        {"redirect_uri": "http://[::1"},
        {"redirect_uri": "https://rp.example/callback\r\nSet-Cookie: a=b"},
        {"redirect_uri": "https://rp.example/callback\x00"},
    ],
)
def test_an_unknown_client_or_redirect_uri_is_shown_on_a_page(
    signed_in_browser, confidential_client, overrides
):
    response = flow.authorize(signed_in_browser, confidential_client, **overrides)

    assert response.status_code == 400
    assert "Location" not in response
    assert b"invalid_request" in response.content
    assert Grant.objects.count() == 0


def test_a_disabled_client_is_as_good_as_unknown(signed_in_browser, confidential_client):
    confidential_client.enabled = False
    confidential_client.save()

    assert flow.authorize(signed_in_browser, confidential_client).status_code == 400


@pytest.mark.parametrize("name", ["client_id", "redirect_uri"])
def test_a_repeated_client_or_redirect_uri_is_shown_on_a_page(
    signed_in_browser, confidential_client, name
):
    params = flow.authorization_params(confidential_client, flow.new_verifier())
    query = urlencode([*params.items(), (name, params[name])])

    assert signed_in_browser.get(f"{flow.AUTHORIZE}?{query}").status_code == 400


# --- every other error at the redirect URI (A2) --------------------------------------------------


@pytest.mark.parametrize(
    ("overrides", "error"),
    [
        ({"response_type": None}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": "id_token"}, "unsupported_response_type"),
        ({"response_type": "id_token token"}, "unsupported_response_type"),
        ({"response_type": "code id_token"}, "unauthorized_client"),
        ({"response_type": "code token"}, "unsupported_response_type"),
        ({"response_type": "code id_token token"}, "unsupported_response_type"),
        ({"response_type": "none"}, "unsupported_response_type"),
        ({"response_mode": "web_message"}, "invalid_request"),
        ({"scope": "admin"}, "invalid_scope"),
        ({"scope": 'admin "quoted"'}, "invalid_scope"),
        ({"resource": "https://other-api.example/"}, "invalid_target"),
        ({"resource": "not a uri"}, "invalid_target"),
        ({"prompt": "none login"}, "invalid_request"),
        ({"prompt": "sing"}, "invalid_request"),
        ({"max_age": "soon"}, "invalid_request"),
        ({"max_age": "-1"}, "invalid_request"),
        ({"max_age": "1.5"}, "invalid_request"),
        ({"max_age": "٣"}, "invalid_request"),
        ({"max_age": "9" * 400}, "invalid_request"),
        ({"id_token_hint": "nonsense"}, "invalid_request"),
        ({"request": "e30.e30."}, "invalid_request_object"),
        ({"request_uri": "https://rp.example/request"}, "request_uri_not_supported"),
        ({"registration": "{}"}, "registration_not_supported"),
    ],
)
def test_an_error_goes_to_the_redirect_uri(
    signed_in_browser, confidential_client, overrides, error
):
    assert error_of(signed_in_browser, confidential_client, **overrides) == error
    assert Grant.objects.count() == 0


def test_an_error_carries_the_state(signed_in_browser, confidential_client):
    answer = flow.answer_of(
        flow.authorize(signed_in_browser, confidential_client, response_type="token", state="s p&=")
    )

    assert answer["state"] == "s p&="
    assert "PKCE" in answer["error_description"]


def test_an_error_comes_in_the_response_mode_asked_for(signed_in_browser, confidential_client):
    response = flow.authorize(
        signed_in_browser, confidential_client, scope="admin", response_mode="form_post"
    )

    assert response.status_code == 200
    assert flow.answer_of(response) | {"error_description": ""} == {
        "error": "invalid_scope",
        "error_description": "",
        "state": "state-123",
        "iss": ISSUER,
    }


def test_a_client_without_the_grant_is_told_so(signed_in_browser, confidential_client):
    confidential_client.grant_types = ["client_credentials"]
    confidential_client.save()

    assert error_of(signed_in_browser, confidential_client) == "unauthorized_client"


def test_a_redirect_uri_with_a_query_keeps_it(signed_in_browser, confidential_client):
    confidential_client.redirect_uris = "https://rp.example/callback?tenant=7"
    confidential_client.save()

    response = flow.authorize(signed_in_browser, confidential_client, scope="admin")

    assert response["Location"].startswith("https://rp.example/callback?tenant=7&error=")


# --- PKCE (A3) ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "overrides",
    [
        {"code_challenge": None},
        {"code_challenge": ""},
        {"code_challenge": None, "code_challenge_method": None},
        {"code_challenge_method": None},
        {"code_challenge_method": "plain"},
        {"code_challenge_method": "s256"},
        {"code_challenge": "short"},
        {"code_challenge": "a" * 44},
        {"code_challenge": "a" * 42 + "="},
        {"code_challenge": "a" * 42 + "\n"},
    ],
)
def test_pkce_with_s256_is_required_of_every_client(
    signed_in_browser, confidential_client, overrides
):
    assert error_of(signed_in_browser, confidential_client, **overrides) == "invalid_request"


# --- parameters (A5) ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    ["response_type", "scope", "state", "nonce", "prompt", "code_challenge", "response_mode", "x"],
)
def test_a_repeated_parameter_is_refused(signed_in_browser, confidential_client, name):
    params = flow.authorization_params(confidential_client, flow.new_verifier())
    query = urlencode([*params.items(), (name, "1"), (name, "2")])

    response = signed_in_browser.get(f"{flow.AUTHORIZE}?{query}")

    assert flow.answer_of(response)["error"] == "invalid_request"


def test_more_than_one_resource_is_refused(signed_in_browser, confidential_client):
    other = "https://other-api.example/"
    confidential_client.audiences = [API, other]
    confidential_client.save()
    params = flow.authorization_params(confidential_client, flow.new_verifier())
    query = urlencode([*params.items(), ("resource", API), ("resource", other)])

    response = signed_in_browser.get(f"{flow.AUTHORIZE}?{query}")

    assert flow.answer_of(response)["error"] == "invalid_target"


def test_an_unknown_parameter_is_ignored(signed_in_browser, confidential_client):
    response = flow.authorize(
        signed_in_browser, confidential_client, colour="mauve\x00", display="page", size="9" * 1200
    )

    assert response.status_code == 200  # the consent page


def test_a_parameter_without_a_value_counts_as_omitted(signed_in_browser, confidential_client):
    response = flow.authorize(
        signed_in_browser, confidential_client, max_age="", prompt="", resource="", request=""
    )

    assert response.status_code == 200


@pytest.mark.parametrize("name", ["nonce", "scope", "login_hint", "acr_values"])
def test_an_over_long_parameter_is_refused_and_not_sent_back(
    signed_in_browser, confidential_client, name
):
    bound = authorization_request.MAX_LENGTHS[name]
    response = flow.authorize(
        signed_in_browser, confidential_client, **{name: "a" * (bound + 1), "prompt": "none"}
    )

    answer = flow.answer_of(response)
    assert answer["error"] == "invalid_request"
    assert name in answer["error_description"]
    assert str(bound) in answer["error_description"]
    assert answer["state"] == "state-123"


STATES = ["s" * 1024, "s" * 1025, "s" * 2372, "s" * 8192, "%" * 8192, "é🗝 {}" * 1365]


@pytest.mark.parametrize("state", STATES)
def test_a_state_of_8_kib_comes_back_as_it_was(consenting_browser, confidential_client, state):
    """Chained providers put what they know into it (Duende Support #1415)."""
    answer = flow.answer_of(flow.authorize(consenting_browser, confidential_client, state=state))
    assert "code" in answer
    assert answer["state"] == state

    refused = flow.authorize(Browser(), confidential_client, state=state, prompt="none")
    assert flow.answer_of(refused)["error"] == "login_required"
    assert flow.answer_of(refused)["state"] == state
    pushed = flow.push(confidential_client, state=state)
    assert pushed.status_code == 201
    answer = flow.answer_of(flow.come(consenting_browser, confidential_client, pushed))
    assert answer["state"] == state


@pytest.mark.parametrize("mode", ["query", "fragment", "form_post", "jwt"])
def test_a_state_that_is_too_long_is_refused_and_comes_back(
    signed_in_browser, confidential_client, mode
):
    """RFC 6749 §4.1.2.1: without it, the client takes the error for a forged one."""
    for state in ("s" * 8193, "s" * 15_000):
        answer = flow.answer_of(
            flow.authorize(signed_in_browser, confidential_client, state=state, response_mode=mode)
        )
        assert answer["error"] == "invalid_request"
        assert "state" in answer["error_description"]
        assert answer["state"] == state


@pytest.mark.parametrize("value", ["a\x00b", "a\r\nSet-Cookie: b=c", "a\x7f", "\ufffd"])
@pytest.mark.parametrize("name", ["state", "nonce", "scope", "login_hint", "acr_values"])
def test_control_characters_are_refused_and_not_sent_back(
    signed_in_browser, confidential_client, name, value
):
    response = flow.authorize(signed_in_browser, confidential_client, **{name: value})

    answer = flow.answer_of(response)
    assert answer["error"] == "invalid_request"
    assert value not in answer.values()


def test_broken_utf_8_is_refused(signed_in_browser, confidential_client):
    params = flow.authorization_params(confidential_client, flow.new_verifier(), state=None)
    response = signed_in_browser.get(f"{flow.AUTHORIZE}?{urlencode(params)}&state=%ff%fe")

    assert flow.answer_of(response)["error"] == "invalid_request"


def test_a_state_of_any_plain_text_comes_back_as_it_was(signed_in_browser, confidential_client):
    state = "Ünïcode 🗝 ' \" <b> & = % + ~" + "x" * 900

    answer = flow.answer_of(
        flow.authorize(signed_in_browser, confidential_client, prompt="none", state=state)
    )

    assert answer["state"] == state


def test_a_request_that_is_too_long_is_refused_with_its_state(confidential_client):
    overrides = {"filler": "x" * QUERY_MAX_LENGTH}

    assert error_of(Browser(), confidential_client, **overrides) == "invalid_request"
    answer = flow.answer_of(flow.authorize(Browser(), confidential_client, **overrides))
    assert answer["state"] == "state-123"


# --- methods --------------------------------------------------------------------------------------


def test_a_request_may_come_as_a_form(signed_in_browser, confidential_client):
    params = flow.authorization_params(confidential_client, flow.new_verifier())

    response = signed_in_browser.post(flow.AUTHORIZE, params)

    assert response.status_code == 302
    assert response["Location"] == f"{flow.AUTHORIZE}?{urlencode(params)}"


def test_a_form_that_is_too_long_is_answered_at_once(signed_in_browser, confidential_client):
    params = flow.authorization_params(confidential_client, flow.new_verifier(), filler="x" * 20000)

    response = signed_in_browser.post(flow.AUTHORIZE, params)

    assert flow.answer_of(response)["error"] == "invalid_request"


@pytest.mark.parametrize("method", ["HEAD", "PUT", "DELETE", "OPTIONS"])
def test_no_other_method_is_answered(signed_in_browser, confidential_client, method):
    params = flow.authorization_params(confidential_client, flow.new_verifier())
    response = signed_in_browser.generic(method, f"{flow.AUTHORIZE}?{urlencode(params)}")

    assert response.status_code == 405
