"""ID tokens, verified by a library that is not ours (OIDC Core §2, §3.1.3)."""

import base64
import hashlib
import time

import pytest
from authlib.oidc.core import CodeIDToken
from django.test import Client as Browser
from joserfc import jwt as jose_jwt
from joserfc.jwk import KeySet

from oauth import id_token
from ostiary.models import Session
from tests.oauth import flow

pytestmark = [
    pytest.mark.django_db,
    # RFC 9864 names it Ed25519; what clients know is still the name of RFC 8037.
    pytest.mark.filterwarnings("ignore:EdDSA is deprecated"),
]

ISSUER = "http://localhost:8000"
ALGS = ["RS256", "ES256", "EdDSA"]


def verified(token: str, alg: str, **expected):
    """The claims, as joserfc verifies the signature and Authlib the rules of OIDC Core §3.1.3.7."""
    published = KeySet.import_key_set(Browser().get("/.well-known/jwks.json").json())
    decoded = jose_jwt.decode(token, published, algorithms=[alg])
    assert decoded.header["typ"] == "JWT"
    claims = CodeIDToken(decoded.claims, decoded.header, params=expected)
    claims.validate(now=int(time.time()))
    return claims


@pytest.mark.needs("accounts")
@pytest.mark.parametrize("alg", ALGS)
def test_it_says_who_when_how_and_in_which_session(
    signed_in_browser, confidential_client, person, alg
):
    confidential_client.id_token_signed_response_alg = alg
    confidential_client.save()
    tokens = flow.sign_in_tokens(signed_in_browser, confidential_client, max_age="600")

    claims = verified(
        tokens["id_token"],
        alg,
        nonce="nonce-456",
        client_id=confidential_client.client_id,
        max_age=600,
    )

    session = Session.objects.get()
    assert claims["iss"] == ISSUER
    assert claims["sub"] == str(person.pk)
    assert claims["aud"] == claims["azp"] == confidential_client.client_id
    assert claims["nonce"] == "nonce-456"
    assert claims["auth_time"] == int(session.authenticated_at.timestamp())
    assert claims["acr"] == "urn:ostiary:aal1"
    assert claims["amr"] == ["pwd"]
    assert claims["sid"] == str(session.pk)
    assert claims["exp"] - claims["iat"] == confidential_client.id_token_lifetime
    assert claims["email"] == "alice@example.com"
    assert claims["name"] == "Alice Liddell"


@pytest.mark.parametrize(
    ("alg", "digest"),
    [("RS256", hashlib.sha256), ("ES256", hashlib.sha256), ("EdDSA", hashlib.sha512)],
)
def test_at_hash_is_the_left_half_of_the_hash_of_the_algorithm(
    signed_in_browser, confidential_client, alg, digest
):
    confidential_client.id_token_signed_response_alg = alg
    confidential_client.save()
    tokens = flow.sign_in_tokens(signed_in_browser, confidential_client)

    claims = verified(tokens["id_token"], alg)

    full = digest(tokens["access_token"].encode()).digest()
    half = base64.urlsafe_b64encode(full[: len(full) // 2]).rstrip(b"=").decode()
    assert claims["at_hash"] == half


def test_the_at_hash_of_the_example_in_oidc_core_appendix_a_3():
    token = "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y"

    assert id_token.half_hash(token, "RS256") == "77QmUPtjPfzWtF2AnpK9RQ"


@pytest.mark.needs("accounts")
@pytest.mark.parametrize(
    ("scope", "present", "absent"),
    [
        ("openid", set(), {"email", "email_verified", "name"}),
        ("openid email", {"email", "email_verified"}, {"name"}),
        ("openid profile", {"name", "updated_at"}, {"email", "email_verified"}),
    ],
)
def test_it_holds_the_claims_of_the_granted_scopes_and_no_others(
    signed_in_browser, confidential_client, scope, present, absent
):
    tokens = flow.sign_in_tokens(signed_in_browser, confidential_client, scope=scope)

    claims = set(verified(tokens["id_token"], "RS256"))

    assert present <= claims
    assert not absent & claims


def test_without_a_nonce_there_is_none(signed_in_browser, confidential_client):
    tokens = flow.sign_in_tokens(signed_in_browser, confidential_client, nonce=None)

    assert "nonce" not in verified(tokens["id_token"], "RS256")


def test_a_field_of_the_person_never_takes_the_place_of_a_claim_of_the_protocol(
    signed_in_browser, confidential_client, person, monkeypatch
):
    monkeypatch.setattr(
        "oauth.claims.for_scopes", lambda *_: {"sub": "admin", "iss": "evil", "aud": "other"}
    )

    claims = verified(
        flow.sign_in_tokens(signed_in_browser, confidential_client)["id_token"], "RS256"
    )

    assert claims["sub"] == str(person.pk)
    assert claims["iss"] == ISSUER


def test_a_refreshed_id_token_has_the_at_hash_of_the_new_access_token(
    signed_in_browser, confidential_client
):
    tokens = flow.sign_in_tokens(signed_in_browser, confidential_client)
    again = flow.refresh(confidential_client, tokens["refresh_token"]).json()

    claims = verified(again["id_token"], "RS256")

    assert claims["at_hash"] == id_token.half_hash(again["access_token"], "RS256")
