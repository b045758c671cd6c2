"""A client that signs who it is: ``private_key_jwt`` (RFC 7523 §2.2, OIDC Core §9)."""

from __future__ import annotations

import time
from typing import Any

import jwt
from oauthlib.oauth2.rfc6749.errors import InvalidClientError

from . import client_keys, replay
from .client_metadata import SIGNING_ALGS
from .issuer import endpoint, issuer
from .models import Client

METHOD = "private_key_jwt"
TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
TYPS = ("", "jwt", "client-authentication+jwt")
"""What an assertion may say it is; nothing that another kind of token of the client says."""
LEEWAY_SECONDS = 60
MAX_SECONDS = 3600
"""The longest that an assertion may live: so long its ``jti`` is remembered."""


def claimed_client_id(assertion: str) -> str:
    """Which client an assertion says it is of, unverified. Raises ``InvalidClientError``."""
    try:
        claims = jwt.decode(assertion, options={"verify_signature": False})
    except (jwt.PyJWTError, RecursionError):
        raise InvalidClientError(description="The client assertion is not a JWT.") from None
    client_id = claims.get("sub")
    if not isinstance(client_id, str) or not client_id.isascii():
        raise InvalidClientError(description="The client assertion has no sub.")
    return client_id


def proves(client: Client, assertion: str) -> bool:
    """Whether ``assertion`` was made by ``client`` for us, and is used for the first time
    (RFC 7523 §3). It is used up by this."""
    try:
        claims = _signed(client, assertion)
    except (jwt.PyJWTError, RecursionError, OverflowError):
        return False
    jti, exp = claims["jti"], claims["exp"]
    return (
        claims["iss"] == claims["sub"] == client.client_id
        and _is_for_us(claims["aud"])
        and isinstance(jti, str)
        and bool(jti)
        and isinstance(exp, (int, float))
        and exp <= time.time() + MAX_SECONDS
        and replay.first_use("client_assertion", f"{client.client_id} {jti}", exp + LEEWAY_SECONDS)
    )


def _signed(client: Client, assertion: str) -> dict[str, Any]:
    """The claims, signed by a key of the client with an algorithm that it may use."""
    header = jwt.get_unverified_header(assertion)
    alg, registered = header.get("alg"), client.registered("token_endpoint_auth_signing_alg")
    if alg not in SIGNING_ALGS or registered not in ("", alg):
        raise jwt.InvalidAlgorithmError("not an algorithm for this client")
    if str(header.get("typ", "")).lower() not in TYPS:
        raise jwt.InvalidTokenError("another type of token")
    for key in client_keys.find(client, alg=alg, kid=header.get("kid")):
        try:
            claims: dict[str, Any] = jwt.decode(
                assertion,
                key,
                algorithms=[alg],
                leeway=LEEWAY_SECONDS,
                options={
                    "require": ["iss", "sub", "aud", "exp", "jti"],
                    "verify_aud": False,
                },
            )
        except jwt.InvalidSignatureError:
            continue
        return claims
    raise jwt.InvalidSignatureError("by no key of the client")


def _is_for_us(audience: Any) -> bool:
    """Whether every audience is this server: one that names another too could be used there."""
    audiences = audience if isinstance(audience, list) else [audience]
    return bool(audiences) and all(each in (issuer(), endpoint("token")) for each in audiences)
