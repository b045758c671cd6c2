"""Authlib over real HTTP, as a client and as an API, and joserfc, its reader of tokens."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from authlib.common.security import generate_token
from authlib.integrations.httpx_client import OAuth2Client
from authlib.oauth2 import ResourceProtector
from authlib.oauth2.rfc6749.errors import MissingAuthorizationError
from authlib.oauth2.rfc6750.errors import InsufficientScopeError, InvalidTokenError
from authlib.oauth2.rfc7523 import ClientSecretJWT, PrivateKeyJWT
from authlib.oauth2.rfc9068 import JWTBearerTokenValidator
from joserfc import jwe, jwt
from joserfc.jwk import JWKRegistry, KeySet

from .conftest import API, REDIRECT_URI, new_key

pytestmark = pytest.mark.django_db(transaction=True)


class Provider:
    """What a developer reads in the metadata."""

    def __init__(self, issuer: str) -> None:
        self.metadata = httpx.get(f"{issuer}/.well-known/openid-configuration").json()
        self.key_set = KeySet.import_key_set(httpx.get(self.metadata["jwks_uri"]).json())


@pytest.fixture
def provider(issuer) -> Provider:
    return Provider(issuer)


def session_of(told: dict[str, Any], method: Any, secret: Any = "") -> OAuth2Client:
    """Authlib's session of a client that authenticates by ``method``."""
    return OAuth2Client(
        told["client_id"],
        secret or told["client_secret"],
        token_endpoint_auth_method=method,
        redirect_uri=REDIRECT_URI,
        scope="openid email offline_access",
        code_challenge_method="S256",
    )


def sign_in(session: OAuth2Client, provider: Provider, person, **params) -> tuple[dict, str]:
    """The tokens, and the nonce that their ID token has to hold."""
    verifier, nonce = generate_token(64), generate_token(20)
    url, state = session.create_authorization_url(
        provider.metadata["authorization_endpoint"], code_verifier=verifier, nonce=nonce, **params
    )
    tokens = session.fetch_token(
        provider.metadata["token_endpoint"],
        authorization_response=person.go(url, until=REDIRECT_URI),
        state=state,
        code_verifier=verifier,
    )
    return tokens, nonce


def check_sign_in(session: OAuth2Client, provider: Provider, person) -> None:
    """Sign in, read the ID token, ask UserInfo, refresh."""
    tokens, nonce = sign_in(session, provider, person)
    id_token = jwt.decode(tokens["id_token"], provider.key_set, algorithms=["RS256"])
    assert id_token.claims["nonce"] == nonce
    assert id_token.claims["aud"] == session.client_id
    userinfo = session.get(provider.metadata["userinfo_endpoint"]).json()
    assert userinfo["email"] == "grace@example.com"
    assert userinfo["sub"] == id_token.claims["sub"]

    refreshed = session.refresh_token(
        provider.metadata["token_endpoint"], refresh_token=tokens["refresh_token"]
    )

    assert refreshed["refresh_token"] != tokens["refresh_token"]
    assert refreshed["access_token"] != tokens["access_token"]


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
def test_authlib_signs_a_person_in(provider, client, person, method):
    with session_of(client(method), method) as session:
        check_sign_in(session, provider, person)


@pytest.mark.parametrize("alg", ["ES256", "RS256", "Ed25519"])
def test_authlib_authenticates_by_a_key_of_its_own(provider, client, person, alg):
    private, public = new_key(alg)
    told = client("private_key_jwt", metadata={"jwks": public})
    method = PrivateKeyJWT(provider.metadata["token_endpoint"], alg=alg)

    with session_of(told, method, JWKRegistry.import_key(private)) as session:
        check_sign_in(session, provider, person)


def test_authlib_authenticates_by_a_signature_with_its_secret(provider, client, person):
    told = client("client_secret_jwt")
    method = ClientSecretJWT(provider.metadata["token_endpoint"])

    with session_of(told, method) as session:
        check_sign_in(session, provider, person)


def test_authlib_revokes_and_introspects(provider, client, person):
    with session_of(client("client_secret_basic"), "client_secret_basic") as session:
        tokens, _ = sign_in(session, provider, person)
        endpoint = provider.metadata["introspection_endpoint"]

        before = session.introspect_token(endpoint, token=tokens["refresh_token"]).json()
        session.revoke_token(
            provider.metadata["revocation_endpoint"], token=tokens["refresh_token"]
        )
        after = session.introspect_token(endpoint, token=tokens["refresh_token"]).json()

    assert before["active"] is True
    assert after == {"active": False}


# --- as an API ------------------------------------------------------------------------------------


def api_of(provider: Provider, identifier: str) -> ResourceProtector:
    """An API that reads our tokens by RFC 9068."""

    class Validator(JWTBearerTokenValidator):
        def get_jwks(self) -> Any:
            return provider.key_set

    protector = ResourceProtector()
    protector.register_token_validator(Validator(provider.metadata["issuer"], identifier))
    return protector


def call(token: str) -> Any:
    """A request with a token."""
    return SimpleNamespace(headers={"Authorization": f"Bearer {token}"} if token else {})


@pytest.mark.parametrize("alg", ["ES256", "RS256"])
def test_an_api_of_authlib_takes_the_access_token(provider, client, person, alg):
    told = client("client_secret_basic", access_token_signing_alg=alg)
    with session_of(told, "client_secret_basic") as session:
        tokens, _ = sign_in(session, provider, person, resource=API)
    api = api_of(provider, API)

    said = api.validate_request(["email"], call(tokens["access_token"]))

    assert said["client_id"] == told["client_id"]
    with pytest.raises(InsufficientScopeError):
        api.validate_request(["profile"], call(tokens["access_token"]))
    with pytest.raises(InvalidTokenError):
        api.validate_request(["email"], call(tokens["id_token"]))
    with pytest.raises(InvalidTokenError):
        api_of(provider, "https://another.example/").validate_request(
            ["email"], call(tokens["access_token"])
        )
    with pytest.raises(MissingAuthorizationError):
        api.validate_request(["email"], call(""))


# --- encrypted answers ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("alg", "enc", "kind"),
    [
        ("RSA-OAEP-256", "A128CBC-HS256", "RS256"),
        ("RSA-OAEP-256", "A256GCM", "RS256"),
        ("ECDH-ES", "A256CBC-HS512", "ES256"),
        ("ECDH-ES+A256KW", "A128GCM", "ES256"),
    ],
)
def test_joserfc_reads_an_encrypted_id_token(provider, client, person, alg, enc, kind):
    private, public = new_key(kind)
    named = {"alg": alg, "use": "enc"}
    told = client(
        "client_secret_basic",
        metadata={
            "jwks": {"keys": [{**public["keys"][0], **named}]},
            "id_token_encrypted_response_alg": alg,
            "id_token_encrypted_response_enc": enc,
        },
    )
    with session_of(told, "client_secret_basic") as session:
        tokens, nonce = sign_in(session, provider, person)

    opened = jwe.decrypt_compact(
        tokens["id_token"], JWKRegistry.import_key({**private, **named}), algorithms=[alg, enc]
    )

    assert opened.headers()["cty"] == "JWT"
    assert opened.plaintext
    id_token = jwt.decode(opened.plaintext, provider.key_set, algorithms=["RS256"])
    assert id_token.claims["nonce"] == nonce
