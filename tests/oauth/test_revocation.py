"""Revocation: 200 for anything, and never another client's (SECURITY B10; RFC 7009)."""

import pytest

from oauth.models import Grant
from tests.oauth import flow

pytestmark = pytest.mark.django_db


@pytest.fixture
def tokens(signed_in_browser, confidential_client):
    return flow.sign_in_tokens(signed_in_browser, confidential_client)


def revoke(client, token, **params):
    return flow.post_as(client, flow.REVOKE, {"token": token, **params})


@pytest.mark.parametrize("which", ["refresh_token", "access_token"])
@pytest.mark.parametrize("hint", ["refresh_token", "access_token", "nonsense", ""])
def test_revoking_either_token_ends_the_family(tokens, confidential_client, which, hint):
    response = revoke(confidential_client, tokens[which], token_type_hint=hint)

    assert response.status_code == 200
    assert response["Cache-Control"] == "no-store"
    assert flow.userinfo(tokens["access_token"]).status_code == 401
    refused = flow.refresh(confidential_client, tokens["refresh_token"])
    assert refused.json()["error"] == "invalid_grant"
    assert Grant.objects.get().revoked_reason == "revoked"


def test_a_public_client_revokes_its_own(signed_in_browser, public_client):
    tokens = flow.sign_in_tokens(signed_in_browser, public_client)

    assert revoke(public_client, tokens["refresh_token"]).status_code == 200
    assert flow.userinfo(tokens["access_token"]).status_code == 401


def test_revoking_twice_is_no_error(tokens, confidential_client):
    for _ in range(2):
        assert revoke(confidential_client, tokens["refresh_token"]).status_code == 200


def test_an_old_refresh_token_ends_its_family(tokens, confidential_client):
    newest = flow.refresh(confidential_client, tokens["refresh_token"]).json()

    revoke(confidential_client, tokens["refresh_token"])

    assert flow.userinfo(newest["access_token"]).status_code == 401


@pytest.mark.parametrize("token", ["x", "x" * 65, "a.b.c", "nul\x00", "é", "x" * 100_000])
def test_an_unknown_token_is_answered_alike(tokens, confidential_client, token):
    response = revoke(confidential_client, token)

    assert response.status_code == 200
    assert response.content == b"{}"
    assert flow.userinfo(tokens["access_token"]).status_code == 200


def test_an_id_token_is_nothing_to_revoke(tokens, confidential_client):
    assert revoke(confidential_client, tokens["id_token"]).status_code == 200
    assert flow.userinfo(tokens["access_token"]).status_code == 200


@pytest.mark.parametrize("which", ["refresh_token", "access_token"])
def test_another_clients_token_is_left_alone(tokens, confidential_client, public_client, which):
    response = revoke(public_client, tokens[which])

    assert response.status_code == 200
    assert response.content == b"{}"
    assert flow.userinfo(tokens["access_token"]).status_code == 200
    assert flow.refresh(confidential_client, tokens["refresh_token"]).status_code == 200


def test_without_a_token_it_is_an_invalid_request(confidential_client):
    response = flow.post_as(confidential_client, flow.REVOKE, {})

    assert response.status_code == 400
    assert response.json()["error"] == "invalid_request"


def test_without_authentication_nothing_is_revoked(tokens, confidential_client):
    response = flow.post_form(
        flow.REVOKE,
        {"token": tokens["refresh_token"], "client_id": confidential_client.client_id},
    )

    assert response.status_code == 401
    assert flow.userinfo(tokens["access_token"]).status_code == 200
