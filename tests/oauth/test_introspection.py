"""Introspection tells only those who may know, and all else is inactive alike (SECURITY B10;
RFC 7662)."""

import pytest
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.test import Client as Browser

from oauth.models import Client
from tests.oauth import flow
from tests.oauth.conftest import API, make_client

pytestmark = pytest.mark.django_db

INTROSPECT = "/oauth/introspect"
INACTIVE = b'{"active": false}'


@pytest.fixture
def api(db):
    """The API itself, registered as a client that serves it and gets tokens for none."""
    return make_client(
        name="API",
        client_type=Client.CLIENT_CONFIDENTIAL,
        grant_types=["client_credentials"],
        serves=[API],
    )


@pytest.fixture
def tokens(signed_in_browser, confidential_client):
    return flow.sign_in_tokens(signed_in_browser, confidential_client, resource=API)


def introspect(client, token, **params):
    return flow.post_as(client, INTROSPECT, {"token": token, **params})


@pytest.mark.parametrize("hint", ["access_token", "refresh_token", "nonsense"])
def test_an_api_learns_what_a_token_for_it_says(tokens, confidential_client, api, hint):
    response = introspect(api, tokens["access_token"], token_type_hint=hint)

    assert response.status_code == 200
    assert response["Cache-Control"] == "no-store"
    told = response.json()
    said = flow.said_by(tokens["access_token"])
    assert told.pop("active") is True
    assert told.pop("token_type") == "Bearer"
    assert told.pop("username") == "alice@example.com"
    assert told == {name: said[name] for name in said if name != "gid"}


@pytest.mark.needs("accounts")  # whose people sign in by their address
@pytest.mark.parametrize(
    ("scope", "told"),
    [("openid email", True), ("email", True), ("openid profile", False), ("openid", False)],
)
def test_the_username_is_told_where_the_scopes_let_it_be_known(
    signed_in_browser, confidential_client, api, scope, told
):
    """RFC 7662 §2.2; Dovecot asks for it. Here it is the address by which people sign in."""
    scope = f"{scope} offline_access"
    tokens = flow.sign_in_tokens(signed_in_browser, confidential_client, resource=API, scope=scope)

    for client, which in (
        (api, "access_token"),
        (confidential_client, "access_token"),
        (confidential_client, "refresh_token"),
    ):
        answer = introspect(client, tokens[which]).json()
        assert answer["active"] is True
        assert answer.get("username") == ("alice@example.com" if told else None)


def test_a_username_that_is_no_address_is_part_of_the_profile(
    signed_in_browser, confidential_client, monkeypatch
):
    monkeypatch.setattr(get_user_model(), "EMAIL_FIELD", "contact")
    for scope, told in (("openid email", False), ("openid profile", True)):
        tokens = flow.sign_in_tokens(signed_in_browser, confidential_client, scope=scope)
        answer = introspect(confidential_client, tokens["access_token"]).json()
        assert ("username" in answer) is told


def test_a_service_has_no_username(service_client):
    token = flow.post_token(service_client, grant_type="client_credentials").json()["access_token"]

    assert "username" not in introspect(service_client, token).json()


@pytest.mark.parametrize("which", ["access_token", "refresh_token"])
def test_a_client_learns_of_its_own_tokens(tokens, confidential_client, which):
    told = introspect(confidential_client, tokens[which]).json()

    assert told["active"] is True
    assert told["client_id"] == confidential_client.client_id


def test_a_refresh_token_is_inactive_for_the_api(tokens, api):
    assert introspect(api, tokens["refresh_token"]).content == INACTIVE


def test_a_foreign_token_is_inactive(tokens, service_client):
    for which in ("access_token", "refresh_token", "id_token"):
        assert introspect(service_client, tokens[which]).content == INACTIVE


@pytest.mark.parametrize("token", ["x", "x" * 65, "a.b.c", "nul\x00", "é", "x" * 100_000])
def test_an_unknown_token_is_inactive(api, token):
    response = introspect(api, token)

    assert response.status_code == 200
    assert response.content == INACTIVE


def test_a_revoked_family_is_inactive(tokens, confidential_client, api):
    flow.post_as(confidential_client, flow.REVOKE, {"token": tokens["refresh_token"]})

    assert introspect(api, tokens["access_token"]).content == INACTIVE
    assert introspect(confidential_client, tokens["refresh_token"]).content == INACTIVE


def test_a_replaced_refresh_token_is_inactive_and_asking_ends_nothing(tokens, confidential_client):
    newest = flow.refresh(confidential_client, tokens["refresh_token"]).json()

    assert introspect(confidential_client, tokens["refresh_token"]).content == INACTIVE
    assert introspect(confidential_client, newest["refresh_token"]).json()["active"] is True


def test_tokens_of_a_deactivated_person_are_inactive(tokens, api):
    get_user_model().objects.update(is_active=False)

    assert introspect(api, tokens["access_token"]).content == INACTIVE


def test_a_clients_own_token_is_inactive_once_it_is_disabled(service_client, api):
    token = flow.post_token(service_client, grant_type="client_credentials").json()["access_token"]
    assert introspect(api, token).json()["active"] is True

    Client.objects.filter(pk=service_client.pk).update(enabled=False)

    assert introspect(api, token).content == INACTIVE


def test_a_public_client_is_refused(tokens, public_client):
    response = introspect(public_client, tokens["access_token"])

    assert response.status_code == 401
    assert response.json()["error"] == "invalid_client"


def test_without_a_token_it_is_an_invalid_request(api):
    response = flow.post_as(api, INTROSPECT, {})

    assert response.status_code == 400
    assert response.json()["error"] == "invalid_request"


@pytest.mark.parametrize("serves", ["x", ["not a uri"], [1], ["https://api.example/#x"]])
def test_what_a_client_serves_is_a_list_of_resource_identifiers(api, serves):
    api.serves = serves

    with pytest.raises(ValidationError) as refused:
        api.full_clean()

    assert "serves" in refused.value.message_dict


def test_a_public_client_serves_no_api(public_client):
    public_client.serves = [API]

    with pytest.raises(ValidationError) as refused:
        public_client.full_clean()

    assert "serves" in refused.value.message_dict


def test_it_takes_a_post_alone(api):
    assert Browser().get(INTROSPECT).status_code == 405


def test_it_takes_two_statements(tokens, confidential_client, api, django_assert_num_queries):
    with django_assert_num_queries(2):
        introspect(api, tokens["access_token"])
    with django_assert_num_queries(2):
        introspect(confidential_client, tokens["refresh_token"])
