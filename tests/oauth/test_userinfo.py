"""UserInfo: about the person of the token, what they consented to, asked by a header
(SECURITY B11; OIDC Core §5.3, RFC 6750)."""

import pytest
from django.test import Client as Browser

from oauth import access_token
from tests.oauth import flow
from tests.oauth.conftest import API

pytestmark = pytest.mark.django_db


@pytest.fixture
def tokens(signed_in_browser, confidential_client):
    return flow.sign_in_tokens(signed_in_browser, confidential_client)


def assert_challenged(response, status, error=""):
    assert response.status_code == status
    challenge = response["WWW-Authenticate"]
    assert challenge.startswith('Bearer realm="userinfo"')
    assert ("error=" in challenge) is bool(error)
    if error:
        assert f'error="{error}"' in challenge
        assert response.json()["error"] == error
    assert response["Cache-Control"] == "no-store"


def test_sub_is_that_of_the_id_token(tokens, person):
    answer = flow.userinfo(tokens["access_token"])

    assert answer["Content-Type"] == "application/json"
    assert answer["Cache-Control"] == "no-store"
    told = flow.said_by(tokens["id_token"])
    assert answer.json()["sub"] == told["sub"] == str(person.pk)


@pytest.mark.needs("accounts")
@pytest.mark.parametrize(
    ("scope", "claims"),
    [
        ("openid", {"sub"}),
        ("openid email", {"sub", "email", "email_verified"}),
        ("openid profile", {"sub", "name", "updated_at"}),
        ("openid api:read", {"sub"}),
    ],
)
def test_only_claims_that_were_consented_to_are_told(
    signed_in_browser, confidential_client, scope, claims
):
    tokens = flow.sign_in_tokens(signed_in_browser, confidential_client, scope=scope)

    assert set(flow.userinfo(tokens["access_token"]).json()) == claims


@pytest.mark.needs("accounts")
def test_what_is_told_is_what_is_true_now(tokens, person):
    person.name = "Alice Hargreaves"
    person.save()

    assert flow.userinfo(tokens["access_token"]).json()["name"] == "Alice Hargreaves"


def test_a_narrowed_token_tells_less(tokens, confidential_client):
    narrow = flow.refresh(confidential_client, tokens["refresh_token"], scope="openid email").json()

    assert "name" not in flow.userinfo(narrow["access_token"]).json()


def test_post_is_answered_like_get(tokens):
    response = Browser().post(
        flow.USERINFO, headers={"authorization": f"bearer {tokens['access_token']}"}
    )

    assert response.json() == flow.userinfo(tokens["access_token"]).json()


@pytest.mark.parametrize("method", ["PUT", "DELETE", "HEAD"])
def test_no_other_method_is_answered(method):
    response = Browser().generic(method, flow.USERINFO)

    assert response.status_code == 405
    assert response["Allow"] == "GET, POST"


def test_without_a_token_no_error_is_named():
    assert_challenged(Browser().get(flow.USERINFO), 401)


@pytest.mark.parametrize("authorization", ["", "Bearer", "Bearer ", "Basic abc", "Bearertoken"])
def test_what_is_no_bearer_header_is_no_token(authorization):
    response = Browser().get(flow.USERINFO, headers={"authorization": authorization})

    assert_challenged(response, 401)


def test_a_token_in_the_query_or_the_body_is_not_looked_at(tokens):
    in_query = Browser().get(flow.USERINFO, {"access_token": tokens["access_token"]})
    in_body = flow.post_form(flow.USERINFO, {"access_token": tokens["access_token"]})

    for refused, words in (
        (in_query, "access_token must not be in the query."),
        (in_body, "Send access_token in the Authorization header."),
    ):
        assert_challenged(refused, 400, "invalid_request")
        assert refused.json()["error_description"] == words


@pytest.mark.parametrize("body", [b"a" * 3_000_000, b"&".join([b"a=1"] * 3000), b"%ff=%fe"])
def test_a_body_of_any_kind_is_no_error_of_ours(body):
    assert_challenged(Browser().post(flow.USERINFO, body, content_type=flow.FORM), 401)


def test_a_token_in_the_query_beside_the_header_is_refused_anything_else_there_ignored(tokens):
    bearer = {"authorization": f"Bearer {tokens['access_token']}"}

    assert Browser().get(flow.USERINFO, {"foo": "1"}, headers=bearer).status_code == 200
    refused = Browser().get(flow.USERINFO, {"access_token": tokens["access_token"]}, headers=bearer)
    assert_challenged(refused, 400, "invalid_request")


@pytest.mark.parametrize("token", ["x", "a.b.c", "é", "x" * 7000])
def test_what_is_no_token_of_ours_is_an_invalid_token(token):
    assert_challenged(flow.userinfo(token), 401, "invalid_token")


def test_a_token_without_openid_has_insufficient_scope(signed_in_browser, confidential_client):
    tokens = flow.sign_in_tokens(signed_in_browser, confidential_client, scope="email")

    response = flow.userinfo(tokens["access_token"])

    assert_challenged(response, 403, "insufficient_scope")
    assert 'scope="openid"' in response["WWW-Authenticate"]


def test_a_token_of_a_service_is_about_nobody(service_client):
    service_client.audiences = []
    token = access_token.for_client(service_client, ["openid"], []).token

    assert_challenged(flow.userinfo(token), 401, "invalid_token")


def test_a_token_for_an_api_with_openid_may_ask_here_too(signed_in_browser, confidential_client):
    tokens = flow.sign_in_tokens(signed_in_browser, confidential_client, resource=API)

    assert flow.userinfo(tokens["access_token"]).status_code == 200
