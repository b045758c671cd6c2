"""Whatever is sent to an endpoint gets an error of its RFC, never a 500 (SECURITY A5, B5)."""

import base64
from urllib.parse import urlencode, urlsplit

import pytest
from django.test import Client as Browser
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.oauth import flow
from tests.oauth.conftest import API

pytestmark = pytest.mark.django_db

# Errors of RFC 6749 §5.2 and §4.1.2.1, RFC 7009, RFC 8707, OIDC Core §3.1.2.6.
TOKEN_ERRORS = {
    "invalid_request",
    "invalid_client",
    "invalid_grant",
    "unauthorized_client",
    "unsupported_grant_type",
    "invalid_scope",
    "invalid_target",
}
AUTHORIZATION_ERRORS = {
    "invalid_request",
    "unauthorized_client",
    "access_denied",
    "unsupported_response_type",
    "invalid_scope",
    "invalid_target",
    "login_required",
    "consent_required",
    "invalid_request_object",
    "request_uri_not_supported",
    "registration_not_supported",
}

NASTY = st.one_of(
    st.text(max_size=40),
    st.sampled_from(
        [
            "",
            " ",
            "\x00",
            "\r\nSet-Cookie: a=b",
            "\ufffd",
            "\u202e",
            "%00",
            "%ff%fe",
            "'",
            '"><script>alert(1)</script>',
            "{{7*7}}",
            "../../etc/passwd",
            "-1",
            "9" * 400,
            "x" * 6000,
            "[" * 3000,
            "null",
        ]
    ),
)
AUTHORIZATION_PARAMETERS = [
    "response_type",
    "response_mode",
    "scope",
    "state",
    "nonce",
    "prompt",
    "max_age",
    "login_hint",
    "id_token_hint",
    "acr_values",
    "resource",
    "code_challenge",
    "code_challenge_method",
    "interaction",
    "ui_locales",
    "claims",
    "display",
    "request",
    "request_uri",
    "registration",
    "dpop_jkt",
]
SENSIBLE = {
    "response_type": ["code", "token", "code id_token"],
    "response_mode": ["query", "fragment", "form_post", "jwt", "form_post.jwt"],
    "scope": ["openid", "openid email", "api:read"],
    "prompt": ["none", "login", "consent", "select_account"],
    "max_age": ["0", "600"],
    "acr_values": ["phr", "urn:ostiary:aal2"],
    "resource": [API],
    "code_challenge": ["a" * 43],
    "code_challenge_method": ["S256", "plain"],
    "login_hint": ["alice@example.com", "bob@example.com"],
}
TOKEN_PARAMETERS = [
    "code",
    "redirect_uri",
    "code_verifier",
    "refresh_token",
    "scope",
    "resource",
    "client_id",
    "client_secret",
    "token",
    "token_type_hint",
    "username",
    "password",
    "assertion",
]
GRANT_TYPES = ["authorization_code", "refresh_token", "client_credentials", "password", ""]


def pairs_of(names, sensible):
    """Lists of parameters, some of them sensible, some repeated."""
    return st.lists(
        st.sampled_from(names).flatmap(
            lambda name: st.tuples(
                st.just(name),
                st.one_of(NASTY, st.sampled_from(sensible[name])) if name in sensible else NASTY,
            )
        ),
        max_size=8,
    )


def assert_authorization_answer(response, redirect_uri):
    """A page, the way to sign in, or an answer at the registered redirect URI."""
    assert response.status_code in (200, 302, 400), response.status_code
    if response.status_code != 302:
        return
    location = response["Location"]
    assert "\r" not in location
    assert "\n" not in location
    if urlsplit(location).path in ("/signin/", "/oauth/authorize"):
        assert location.startswith("/")
        return
    assert location.startswith((redirect_uri + "?", redirect_uri + "#"))
    answer = flow.answer_of(response)
    assert answer["iss"] == "http://localhost:8000"
    assert "code" in answer or answer["error"] in AUTHORIZATION_ERRORS
    assert flow.DESCRIPTION.fullmatch(answer.get("error_description", ""))


@settings(max_examples=250)
@given(
    changes=st.dictionaries(
        st.sampled_from([*AUTHORIZATION_PARAMETERS]), st.one_of(NASTY, st.none()), max_size=4
    ),
    signed_in=st.booleans(),
    method=st.sampled_from(["get", "post"]),
)
def test_a_good_authorization_request_spoilt_anywhere(
    signed_in_browser, confidential_client, changes, signed_in, method
):
    browser = signed_in_browser if signed_in else Browser()
    params = flow.authorization_params(confidential_client, flow.new_verifier(), **changes)

    response = getattr(browser, method)(flow.AUTHORIZE, params)

    assert_authorization_answer(response, "https://rp.example/callback")


@settings(max_examples=250)
@given(params=pairs_of(AUTHORIZATION_PARAMETERS, SENSIBLE))
def test_an_authorization_request_of_anything(signed_in_browser, confidential_client, params):
    known = [
        ("client_id", confidential_client.client_id),
        ("redirect_uri", "https://rp.example/callback"),
    ]

    response = signed_in_browser.get(f"{flow.AUTHORIZE}?{urlencode([*known, *params])}")

    assert_authorization_answer(response, "https://rp.example/callback")


@settings(max_examples=150)
@given(query=st.binary(max_size=200), decision=NASTY)
def test_a_query_and_a_decision_of_anything(signed_in_browser, query, decision):
    raw = query.decode("latin-1")

    for path in (flow.AUTHORIZE, "/oauth/logout"):
        asked = signed_in_browser.get(path, QUERY_STRING=raw)
        decided = signed_in_browser.post(path, {"decision": decision}, QUERY_STRING=raw)

        assert asked.status_code in (200, 302, 400)
        assert decided.status_code in (200, 302, 400)


@settings(max_examples=250)
@given(
    grant_type=st.sampled_from(GRANT_TYPES),
    params=pairs_of(TOKEN_PARAMETERS, {}),
    authenticated=st.booleans(),
    endpoint=st.sampled_from([flow.TOKEN, flow.REVOKE]),
)
def test_a_token_request_of_anything(
    confidential_client, grant_type, params, authenticated, endpoint
):
    header = (
        flow.basic(confidential_client.client_id, confidential_client.raw_secret)
        if authenticated
        else ""
    )

    response = flow.post_form(endpoint, [("grant_type", grant_type), *params], header)

    assert response.status_code in (200, 400, 401, 429)
    assert response["Content-Type"] == "application/json"
    assert response["Cache-Control"] == "no-store"
    if response.status_code != 200:
        assert response.json()["error"] in TOKEN_ERRORS
        assert flow.DESCRIPTION.fullmatch(response.json().get("error_description", ""))


@settings(max_examples=250)
@given(
    changes=st.dictionaries(
        st.sampled_from(
            [*AUTHORIZATION_PARAMETERS, "claims", "ui_locales", "client_secret", "dpop_jkt"]
        ),
        st.one_of(NASTY, st.none()),
        max_size=4,
    ),
)
def test_a_good_request_to_push_spoilt_anywhere(confidential_client, changes):
    response = flow.push(confidential_client, **changes)

    assert response.status_code in (201, 400, 401, 429)
    assert response["Content-Type"] == "application/json"
    assert response["Cache-Control"] == "no-store"
    if response.status_code != 201:
        assert response.json()["error"] in AUTHORIZATION_ERRORS | TOKEN_ERRORS
        assert flow.DESCRIPTION.fullmatch(response.json().get("error_description", ""))


@settings(max_examples=150)
@given(
    uri=NASTY,
    browser_cookie=st.text(st.characters(max_codepoint=255), max_size=50),
    ticket=NASTY,
)
def test_a_reference_a_cookie_and_a_ticket_of_anything(
    confidential_client, uri, browser_cookie, ticket
):
    browser = Browser()
    browser.cookies["ostiary_request"] = browser_cookie

    for reference in (uri, f"urn:ietf:params:oauth:request_uri:{uri}"):
        response = flow.come(browser, confidential_client, reference, interaction=ticket)

        assert response.status_code in (302, 400)
        assert_authorization_answer(response, "https://rp.example/callback")


@settings(max_examples=150)
@given(
    body=st.binary(max_size=200),
    header=st.one_of(
        st.text(st.characters(max_codepoint=255), max_size=40),
        st.binary(max_size=60).map(lambda raw: "Basic " + base64.b64encode(raw).decode()),
    ),
)
def test_a_body_and_a_header_of_anything(body, header):
    for endpoint in (flow.TOKEN, flow.REVOKE, flow.PAR, flow.USERINFO):
        response = Browser().generic(
            "POST", endpoint, body, content_type=flow.FORM, HTTP_AUTHORIZATION=header
        )

        assert response.status_code in (400, 401, 429)


@settings(max_examples=150)
@given(
    params=pairs_of(
        ["id_token_hint", "client_id", "post_logout_redirect_uri", "state", "logout_hint"], {}
    ),
    method=st.sampled_from(["get", "post"]),
)
def test_a_logout_request_of_anything(signed_in_browser, confidential_client, params, method):
    query = urlencode([("client_id", confidential_client.client_id), *params])

    if method == "get":
        response = signed_in_browser.get(f"/oauth/logout?{query}")
    else:
        response = signed_in_browser.post("/oauth/logout", query, content_type=flow.FORM)

    assert response.status_code in (200, 302, 400)
    assert signed_in_browser.session.get("_auth_user_id")
