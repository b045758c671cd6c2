"""A client's registration: what is refused, and what its secret is (RFC 6749 §2)."""

import pytest
from django.core.exceptions import ValidationError

from oauth.models import Client
from tests.oauth import flow
from tests.oauth.conftest import API, make_person

pytestmark = pytest.mark.django_db

GOOD = {
    "name": "Web",
    "client_type": "confidential",
    "redirect_uris": "https://rp.example/callback\nhttps://rp.example/other",
    "post_logout_redirect_uris": "https://rp.example/",
    "grant_types": ["authorization_code", "refresh_token"],
    "scopes": ["openid", "api:read"],
    "audiences": [API],
}


def test_a_good_registration_is_taken():
    Client(**GOOD).full_clean()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("client_id", ""),
        ("client_id", "with space"),
        ("client_id", "new\nline"),
        ("client_id", "ünïcode"),
        ("client_id", "x" * 256),
        ("client_type", "secretive"),
        ("redirect_uris", ""),
        ("redirect_uris", "https://rp.example/ok http://rp.example/plain"),
        ("redirect_uris", "javascript:alert(1)"),
        ("post_logout_redirect_uris", "https://rp.example/#fragment"),
        ("grant_types", []),
        ("grant_types", "authorization_code"),
        ("grant_types", ["password"]),
        ("grant_types", ["implicit"]),
        ("grant_types", [["authorization_code"]]),
        ("grant_types", {"authorization_code": 1}),
        ("scopes", ["unheard_of"]),
        ("scopes", "openid"),
        ("audiences", ["no uri"]),
        ("audiences", ["https://api.example/#fragment"]),
        ("audiences", ["https://api.example/" + "a" * 500]),
        ("audiences", [7]),
        ("audiences", "https://api.example/"),
        ("token_endpoint_auth_methods", ["none"]),
        ("token_endpoint_auth_methods", ["private_key_jwt"]),
        ("required_acr", "urn:other:aal2"),
        ("revocation_policy", "never"),
        ("id_token_signed_response_alg", "none"),
        ("access_token_signing_alg", "none"),
        ("access_token_signing_alg", "HS256"),
        ("access_token_lifetime", -1),
        ("client_uri", "javascript:alert(1)"),
        ("logo_uri", "data:image/png;base64,"),
        ("policy_uri", "javascript:alert(1)"),
        ("tos_uri", "no address"),
    ],
)
def test_what_cannot_be_safe_is_refused_on_its_own_field(field, value):
    with pytest.raises(ValidationError) as refused:
        Client(**{**GOOD, field: value}).full_clean()

    assert field in refused.value.message_dict


def test_a_public_client_has_no_credentials_and_no_secret_method():
    public = {**GOOD, "client_type": "public"}

    Client(**public, token_endpoint_auth_methods=["none"]).full_clean()
    for field, value in (
        ("grant_types", ["authorization_code", "client_credentials"]),
        ("token_endpoint_auth_methods", ["client_secret_post"]),
    ):
        with pytest.raises(ValidationError) as refused:
            Client(**{**public, field: value}).full_clean()
        assert field in refused.value.message_dict


def test_every_problem_is_told_at_once():
    with pytest.raises(ValidationError) as refused:
        Client(**{**GOOD, "redirect_uris": "x", "audiences": ["x"]}).full_clean()
    assert set(refused.value.message_dict) == {"redirect_uris", "audiences"}


# --- secrets --------------------------------------------------------------------------------------


def test_a_secret_has_256_bits_and_a_name_for_scanners():
    client = Client(**GOOD)
    secret = client.rotate_secret()

    assert secret.startswith("ost_")
    assert len(secret) == 47
    assert secret != Client(**GOOD).rotate_secret()


def test_a_secret_is_kept_by_its_hash_only():
    client = Client(**GOOD)
    secret = client.rotate_secret()
    client.save()

    assert secret not in str(Client.objects.values().get())
    assert Client.objects.get().client_secret == ""
    assert Client.objects.get().check_secret(secret)


def test_a_short_secret_is_refused():
    with pytest.raises(ValueError, match="at least 32"):
        Client(**GOOD).set_secret("password")


def test_a_client_outlives_its_owner():
    owner = make_person("owner@example.com")
    client = Client.objects.create(**GOOD, user=owner)

    owner.delete()

    client.refresh_from_db()
    assert client.user is None


def test_with_the_client_go_its_grants(signed_in_browser, confidential_client):
    tokens = flow.sign_in_tokens(signed_in_browser, confidential_client)

    confidential_client.delete()

    assert flow.userinfo(tokens["access_token"]).status_code == 401
