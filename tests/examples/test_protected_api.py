"""The example API takes a good access token, and nothing that only looks like one."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from typing import Any

import pytest
import requests
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.oauth.resource_server.calls import AUDIENCE, jkt_of, make_proof

from .issuer import CLIENT_ID, Issuer


@pytest.fixture
def call(issuer: Issuer, run_example: Callable[..., str]) -> Callable[..., requests.Response]:
    """Call the API with a token, or without."""
    url = run_example("protected_api", "API_PORT", ISSUER_URL=issuer.url, API_AUDIENCE=AUDIENCE)

    def send(
        token: str | None = None, path: str = "/", key: ec.EllipticCurvePrivateKey | None = None
    ) -> requests.Response:
        headers = {}
        if token is not None:
            headers["Authorization"] = f"{'DPoP' if key else 'Bearer'} {token}"
        if token is not None and key:
            headers["DPoP"] = make_proof(key, token, htu=f"{url}{path}")
        return requests.get(f"{url}{path}", headers=headers, timeout=20)

    return send


def encode(part: bytes) -> str:
    return base64.urlsafe_b64encode(part).rstrip(b"=").decode()


def by_hand(header: dict[str, Any], claims: dict[str, Any], secret: bytes | None = None) -> str:
    """A JWT that no decent library would make."""
    signed = f"{encode(json.dumps(header).encode())}.{encode(json.dumps(claims).encode())}"
    mac = hmac.digest(secret, signed.encode(), hashlib.sha256) if secret else b""
    return f"{signed}.{encode(mac)}"


def test_a_good_token_is_taken(issuer: Issuer, call: Callable[..., requests.Response]) -> None:
    answer = call(issuer.sign(issuer.access_token_claims(), typ="at+jwt"))

    assert answer.status_code == 200
    assert answer.json() == {
        "message": "Hello from the protected API.",
        "sub": "person-1",
        "client_id": CLIENT_ID,
        "scope": "openid api:read",
    }


def test_a_token_for_several_audiences_is_taken(
    issuer: Issuer, call: Callable[..., requests.Response]
) -> None:
    claims = issuer.access_token_claims(aud=[AUDIENCE, issuer.url])

    assert call(issuer.sign(claims, typ="at+jwt")).status_code == 200


def test_no_token_is_asked_for_one(call: Callable[..., requests.Response]) -> None:
    answer = call()

    assert answer.status_code == 401
    metadata = 'resource_metadata="https://api.example/.well-known/oauth-protected-resource"'
    assert answer.headers["WWW-Authenticate"] == (
        f'Bearer realm="{AUDIENCE}", {metadata}, '
        f'DPoP realm="{AUDIENCE}", {metadata}, algs="RS256 PS256 ES256 EdDSA Ed25519"'
    )


def test_what_is_not_a_good_token_is_refused(
    issuer: Issuer, call: Callable[..., requests.Response]
) -> None:
    good = issuer.access_token_claims
    now = int(time.time())
    issuer.add_key("rsa", "RS256")
    public_key = issuer.keys["rsa"].public_key()
    pem = public_key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    stranger = Issuer()
    stranger.add_key("one")
    hs256 = {"alg": "HS256", "typ": "at+jwt", "kid": "rsa"}
    bad = {
        "another audience": issuer.sign(good(aud="https://other.example/"), typ="at+jwt"),
        "no audience": issuer.sign(good(aud=None), typ="at+jwt"),
        "another issuer": issuer.sign(good(iss="https://evil.example"), typ="at+jwt"),
        "an ID token's typ": issuer.sign(good(), typ="JWT"),
        "expired": issuer.sign(good(exp=now - 120), typ="at+jwt"),
        "no expiry": issuer.sign(good(exp=None), typ="at+jwt"),
        "not valid yet": issuer.sign(good(nbf=now + 600), typ="at+jwt"),
        "bound to a key": issuer.sign(good(cnf={"jkt": "x"}), typ="at+jwt"),
        "another's key of the same ID": stranger.sign(good(), typ="at+jwt"),
        "alg none": by_hand({"alg": "none", "typ": "at+jwt", "kid": "one"}, good()),
        "the public key as secret": by_hand(hs256, good(), secret=pem),
        "unknown key ID": by_hand({"alg": "ES256", "typ": "at+jwt", "kid": "x"}, good()),
        "nonsense": "abc",
        "empty": "",
    }
    for what, token in bad.items():
        answer = call(token)
        assert answer.status_code == 401, what
        assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"], what


def test_a_missing_scope_is_named(issuer: Issuer, call: Callable[..., requests.Response]) -> None:
    for scope in ("openid profile", "api:readonly", "", None):
        answer = call(issuer.sign(issuer.access_token_claims(scope=scope), typ="at+jwt"))

        assert answer.status_code == 403
        assert 'error="insufficient_scope"' in answer.headers["WWW-Authenticate"]
        assert 'scope="api:read"' in answer.headers["WWW-Authenticate"]


def test_a_bound_token_is_taken_with_a_proof_of_its_key(
    issuer: Issuer, call: Callable[..., requests.Response]
) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    token = issuer.sign(issuer.access_token_claims(cnf={"jkt": jkt_of(key)}), typ="at+jwt")

    assert call(token, key=key).status_code == 200
    for answer in (call(token), call(token, key=ec.generate_private_key(ec.SECP256R1()))):
        assert answer.status_code == 401
        assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]


def test_the_vault_wants_a_strong_and_recent_authentication(
    issuer: Issuer, call: Callable[..., requests.Response]
) -> None:
    now = int(time.time())
    strong = {"acr": "urn:ostiary:aal2", "auth_time": now}
    for facts in ({}, {**strong, "auth_time": now - 400}, {**strong, "acr": "urn:ostiary:aal1"}):
        answer = call(issuer.sign(issuer.access_token_claims(**facts), typ="at+jwt"), "/vault")

        assert answer.status_code == 401
        challenge = answer.headers["WWW-Authenticate"]
        assert 'error="insufficient_user_authentication"' in challenge
        assert 'acr_values="urn:ostiary:aal2 urn:ostiary:aal2:phr", max_age="300"' in challenge
    token = issuer.sign(issuer.access_token_claims(**strong), typ="at+jwt")
    assert call(token, "/vault").json()["acr"] == "urn:ostiary:aal2"


def test_a_client_that_knows_only_the_api_finds_the_issuer(
    issuer: Issuer, call: Callable[..., requests.Response]
) -> None:
    told = call(path="/.well-known/oauth-protected-resource").json()

    assert (told["resource"], told["authorization_servers"]) == (AUDIENCE, [issuer.url])


def test_unknown_key_ids_do_not_make_it_ask_the_issuer_each_time(
    issuer: Issuer, call: Callable[..., requests.Response]
) -> None:
    stranger = Issuer(url=issuer.url)
    for number in range(10):
        stranger.add_key(f"stranger-{number}")
        token = stranger.sign(issuer.access_token_claims(), kid=f"stranger-{number}", typ="at+jwt")
        assert call(token).status_code == 401

    assert issuer.jwks_requests <= 2


def test_an_issuer_of_another_name_is_not_trusted(
    issuer: Issuer, call: Callable[..., requests.Response]
) -> None:
    issuer.metadata["issuer"] = "https://evil.example"

    answer = call(issuer.sign(issuer.access_token_claims(), typ="at+jwt"))

    assert answer.status_code == 503
