"""The authorization code: short-lived, hashed, bound, redeemed once (SECURITY B1)."""

from datetime import timedelta

import pytest
from django.utils import timezone

from oauth.models import Grant, RefreshToken
from ostiary import sessions
from ostiary.models import Event
from tests.oauth import flow
from tests.oauth.conftest import API, PASSWORD, make_client

pytestmark = pytest.mark.django_db


@pytest.fixture
def code(signed_in_browser, confidential_client):
    """A code and its verifier."""
    return flow.obtain_code(signed_in_browser, confidential_client)


def assert_invalid(response, error="invalid_grant"):
    assert response.status_code == 400
    assert response.json()["error"] == error


def test_a_code_has_256_bits_and_is_kept_by_its_hash_only(code):
    row = Grant.objects.values().get()

    assert len(code[0]) == 43
    assert code[0] not in str(row)
    assert row["expires"] - row["created"] <= timedelta(seconds=61)


def test_two_codes_are_never_alike(signed_in_browser, confidential_client):
    codes = {flow.obtain_code(signed_in_browser, confidential_client)[0] for _ in range(5)}

    assert len(codes) == 5


def test_a_code_becomes_tokens(code, confidential_client):
    answer = flow.redeem(confidential_client, *code).json()

    assert set(answer) == {
        "access_token",
        "token_type",
        "expires_in",
        "refresh_token",
        "scope",
        "id_token",
    }
    assert answer["scope"] == "openid profile email offline_access api:read"


def test_without_openid_there_is_no_id_token(signed_in_browser, confidential_client):
    answer = flow.sign_in_tokens(signed_in_browser, confidential_client, scope="api:read")

    assert "id_token" not in answer
    assert answer["scope"] == "api:read"


def test_without_the_refresh_grant_there_is_no_refresh_token(code, confidential_client):
    confidential_client.grant_types = ["authorization_code"]
    confidential_client.save()

    assert "refresh_token" not in flow.redeem(confidential_client, *code).json()
    assert RefreshToken.objects.count() == 0


def test_a_code_ends_after_60_seconds(code, confidential_client):
    Grant.objects.update(expires=timezone.now())

    assert_invalid(flow.redeem(confidential_client, *code))


@pytest.mark.parametrize("redirect_uri", [None, ""])
def test_a_code_that_pkce_binds_needs_no_redirect_uri(code, confidential_client, redirect_uri):
    """OAuth 2.1 §4.1.3, §10.2; openiddict #2414."""
    answer = flow.redeem(confidential_client, *code, redirect_uri=redirect_uri)

    assert answer.status_code == 200


@pytest.mark.parametrize(
    "redirect_uri",
    ["http://127.0.0.1/callback", "https://rp.example/callback/", "https://rp.example/é"],
)
def test_a_code_is_bound_to_its_redirect_uri(code, confidential_client, redirect_uri):
    assert_invalid(flow.redeem(confidential_client, *code, redirect_uri=redirect_uri))


def test_a_code_is_bound_to_its_client(code, public_client, confidential_client):
    uri = "https://rp.example/callback"
    assert_invalid(flow.redeem(public_client, *code, redirect_uri=uri))

    # Another client's try costs the rightful one nothing.
    assert flow.redeem(confidential_client, *code).status_code == 200


@pytest.mark.parametrize("code", ["x", "nul\x00", "é", "\ufffd", "x" * 100_000])
def test_any_other_code_is_invalid(confidential_client, code):
    assert_invalid(flow.redeem(confidential_client, code, flow.new_verifier()))


def test_a_code_is_redeemed_once_and_a_second_time_ends_what_the_first_gave(
    code, confidential_client
):
    tokens = flow.redeem(confidential_client, *code).json()
    assert flow.userinfo(tokens["access_token"]).status_code == 200

    assert_invalid(flow.redeem(confidential_client, *code))

    assert flow.userinfo(tokens["access_token"]).status_code == 401
    assert_invalid(flow.refresh(confidential_client, tokens["refresh_token"]))
    event = Event.objects.get(kind="token.reuse_detected")
    assert event.outcome == "failure"
    assert event.details["token"] == "authorization_code"


def test_a_second_redemption_ends_the_family_however_late(code, confidential_client):
    tokens = flow.redeem(confidential_client, *code).json()
    Grant.objects.update(expires=timezone.now() - timedelta(days=1))

    assert_invalid(flow.redeem(confidential_client, *code))

    assert_invalid(flow.refresh(confidential_client, tokens["refresh_token"]))


def test_a_second_redemption_by_who_has_no_verifier_ends_the_family_too(code, confidential_client):
    tokens = flow.redeem(confidential_client, *code).json()

    assert_invalid(flow.redeem(confidential_client, code[0], flow.new_verifier()))

    assert flow.userinfo(tokens["access_token"]).status_code == 401


def test_a_third_redemption_tells_nothing_new(code, confidential_client):
    for _ in range(4):
        flow.redeem(confidential_client, *code)

    assert Event.objects.filter(kind="token.reuse_detected").count() == 1


@pytest.mark.parametrize("resource", [API, "https://other-api.example/"])
def test_a_resource_that_was_not_in_the_request_is_an_invalid_target(
    code, confidential_client, resource
):
    assert_invalid(flow.redeem(confidential_client, *code, resource=resource), "invalid_target")

    assert flow.redeem(confidential_client, *code).status_code == 200


def test_the_resource_of_the_request_may_be_named_again(signed_in_browser, confidential_client):
    code = flow.obtain_code(signed_in_browser, confidential_client, resource=API)

    assert flow.redeem(confidential_client, *code, resource=API).status_code == 200


def test_a_code_dies_with_its_session(signed_in_browser, confidential_client, person):
    code = flow.obtain_code(signed_in_browser, confidential_client, scope="openid")

    sessions.end_all(person, "operator")

    assert_invalid(flow.redeem(confidential_client, *code))


def test_a_code_dies_with_the_password(code, confidential_client, person):
    person.set_password(PASSWORD + "!")
    person.save()

    assert_invalid(flow.redeem(confidential_client, *code))


def test_a_code_of_a_first_party_client_needs_no_page(signed_in_browser):
    client = make_client(
        name="Own",
        client_type="confidential",
        redirect_uris="https://own.example/",
        grant_types=["authorization_code"],
        scopes=["openid"],
        first_party=True,
    )

    assert flow.redeem(client, *flow.obtain_code(signed_in_browser, client)).status_code == 200
