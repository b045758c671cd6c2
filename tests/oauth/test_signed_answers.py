"""UserInfo and introspection as JWTs (OIDC Core §5.3.2, RFC 9701)."""

import json

import jwt
import pytest
from django.core.exceptions import ValidationError
from django.test import Client as Browser
from joserfc import jwe as jose_jwe
from joserfc import jwt as jose_jwt
from joserfc.jwk import KeySet, RSAKey

from oauth import id_token
from ostiary.models import Event
from tests.oauth import flow

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.filterwarnings("ignore:EdDSA is deprecated"),
]

INTROSPECT = "/oauth/introspect"
INTROSPECTION = "application/token-introspection+jwt"
ISSUER = "http://localhost:8000"
KEY = RSAKey.generate_key(2048, {"kid": "enc"})
JWKS = {"keys": [KEY.as_dict(private=False)]}


def register(client, **metadata):
    client.metadata = metadata
    client.full_clean()
    client.save()


def lose_the_key_for(client, answer):
    """What can't be registered, but comes about where keys are published at an address."""
    client.metadata = {answer: "ECDH-ES", "jwks": JWKS}
    with pytest.raises(ValidationError, match="no key for"):
        client.full_clean()
    client.save()


def verified(token, alg="RS256"):
    published = KeySet.import_key_set(Browser().get("/.well-known/jwks.json").json())
    return jose_jwt.decode(token, published, algorithms=[alg])


def opened(token):
    return jose_jwe.decrypt_compact(
        token, KEY, algorithms=["RSA-OAEP-256", "A128CBC-HS256", "A256GCM"]
    )


@pytest.fixture
def tokens(signed_in_browser, confidential_client):
    return flow.sign_in_tokens(signed_in_browser, confidential_client)


def introspect(client, token, accept=""):
    return flow.post_form(
        INTROSPECT,
        {"token": token},
        flow.basic(client.client_id, client.raw_secret),
        **({"accept": accept} if accept else {}),
    )


# --- UserInfo ----------------------------------------------------------------------------------


@pytest.mark.parametrize("alg", ["RS256", "PS256", "ES256", "EdDSA"])
def test_userinfo_is_signed_as_registered(tokens, confidential_client, alg):
    plain = flow.userinfo(tokens["access_token"]).json()
    register(confidential_client, userinfo_signed_response_alg=alg)

    answer = flow.userinfo(tokens["access_token"])

    assert answer["Content-Type"] == "application/jwt"
    assert "no-store" in answer["Cache-Control"]
    claims = verified(answer.content.decode(), alg).claims
    assert claims == {**plain, "iss": ISSUER, "aud": confidential_client.client_id}


def test_userinfo_by_hs256_is_signed_with_the_secret(signed_in_browser, confidential_client):
    register(confidential_client, userinfo_signed_response_alg="HS256")
    confidential_client.raw_secret = confidential_client.rotate_secret()
    confidential_client.save()
    tokens = flow.sign_in_tokens(signed_in_browser, confidential_client)

    answer = flow.userinfo(tokens["access_token"]).content.decode()

    told = jwt.decode(
        answer,
        confidential_client.raw_secret,
        algorithms=["HS256"],
        audience=confidential_client.client_id,
    )
    assert told["sub"] == flow.said_by(tokens["id_token"])["sub"]


def test_userinfo_is_encrypted_as_registered(tokens, confidential_client):
    plain = flow.userinfo(tokens["access_token"]).json()
    encrypted = {"userinfo_encrypted_response_alg": "RSA-OAEP-256", "jwks": JWKS}
    register(confidential_client, **encrypted)

    answer = flow.userinfo(tokens["access_token"])

    assert answer["Content-Type"] == "application/jwt"
    assert json.loads(opened(answer.content).plaintext) == plain

    register(confidential_client, **encrypted, userinfo_signed_response_alg="ES256")
    nested = opened(flow.userinfo(tokens["access_token"]).content)
    assert nested.protected["cty"] == "JWT"
    assert nested.protected["kid"] == "enc"
    assert verified(nested.plaintext.decode(), "ES256").claims["sub"] == plain["sub"]


def test_userinfo_that_can_not_be_encrypted_is_not_told(tokens, confidential_client):
    lose_the_key_for(confidential_client, "userinfo_encrypted_response_alg")

    answer = flow.userinfo(tokens["access_token"])

    assert answer.status_code == 400
    assert answer.json()["error"] == "temporarily_unavailable"
    assert "sub" not in answer.json()
    assert Event.objects.get(kind="client.key_unavailable").details == {
        "answer": "userinfo",
        "alg": "ECDH-ES",
    }


def test_signed_userinfo_is_no_hint_and_no_token(tokens, confidential_client):
    register(confidential_client, userinfo_signed_response_alg="RS256")
    told = flow.userinfo(tokens["access_token"]).content.decode()

    assert flow.userinfo(told).status_code == 401
    with pytest.raises(jwt.InvalidTokenError):
        id_token.verify_hint(told)


# --- introspection -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "accept", [INTROSPECTION, f"application/json, {INTROSPECTION.upper()};q=0.9"]
)
def test_introspection_is_signed_where_it_is_asked_for(tokens, confidential_client, accept):
    plain = introspect(confidential_client, tokens["access_token"])
    assert plain["Content-Type"] == "application/json"

    answer = introspect(confidential_client, tokens["access_token"], accept)

    assert answer["Content-Type"] == INTROSPECTION
    assert "no-store" in answer["Cache-Control"]
    found = verified(answer.content.decode())
    assert found.header["typ"] == "token-introspection+jwt"
    assert set(found.claims) == {"iss", "aud", "iat", "token_introspection"}
    assert found.claims["iss"] == ISSUER
    assert found.claims["aud"] == confidential_client.client_id
    assert found.claims["token_introspection"] == plain.json()


def test_an_inactive_token_is_told_alike(confidential_client):
    answer = introspect(confidential_client, "nonsense", INTROSPECTION)

    assert verified(answer.content.decode()).claims["token_introspection"] == {"active": False}


def test_who_registered_it_gets_it_whatever_the_header_says(tokens, confidential_client):
    register(confidential_client, introspection_signed_response_alg="ES256")

    answer = introspect(confidential_client, tokens["access_token"], "application/json")

    assert verified(answer.content.decode(), "ES256").claims["token_introspection"]["active"]


def test_introspection_is_encrypted_as_registered(tokens, confidential_client):
    register(
        confidential_client,
        introspection_encrypted_response_alg="RSA-OAEP-256",
        introspection_encrypted_response_enc="A256GCM",
        jwks=JWKS,
    )

    answer = introspect(confidential_client, tokens["access_token"])

    assert answer["Content-Type"] == INTROSPECTION
    found = opened(answer.content)
    assert found.protected["enc"] == "A256GCM"
    assert verified(found.plaintext.decode()).claims["token_introspection"]["active"]


def test_introspection_that_can_not_be_encrypted_is_not_told(tokens, confidential_client):
    lose_the_key_for(confidential_client, "introspection_encrypted_response_alg")

    answer = introspect(confidential_client, tokens["access_token"])

    assert answer.status_code == 400
    assert answer.json()["error"] == "temporarily_unavailable"


def test_an_error_stays_json(confidential_client):
    answer = flow.post_form(INTROSPECT, {"token": "x"}, accept=INTROSPECTION)

    assert answer.status_code == 401
    assert answer.json()["error"] == "invalid_client"


def test_a_signed_introspection_is_no_access_token(tokens, confidential_client):
    """RFC 9701 §8.1."""
    answer = introspect(confidential_client, tokens["access_token"], INTROSPECTION)

    assert flow.userinfo(answer.content.decode()).status_code == 401


# --- what can be registered --------------------------------------------------------------------


@pytest.mark.parametrize(
    "metadata",
    [
        {"userinfo_encrypted_response_alg": "ECDH-ES"},
        {"id_token_encrypted_response_enc": "A256GCM", "jwks": JWKS},
        {"introspection_encrypted_response_alg": "RSA1_5", "jwks": JWKS},
        {"introspection_signed_response_alg": "none"},
        {"userinfo_signed_response_alg": "none"},
    ],
)
def test_what_could_not_work_is_refused(confidential_client, metadata):
    with pytest.raises(ValidationError):
        register(confidential_client, **metadata)
