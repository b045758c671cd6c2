"""A client that signs who it is: ``private_key_jwt``, or by the secret that we share with it
``client_secret_jwt`` (RFC 7523 §2.2, OIDC Core §9)."""

from __future__ import annotations

import functools
import secrets
import time
from typing import Any

import jwt
from oauthlib.oauth2.rfc6749.errors import InvalidClientError

from . import client_keys, keys, replay, security_profile
from .client_metadata import CLIENT_SIGNING_ALGS, HMAC_ALG
from .issuer import endpoint, issuer
from .jwk import canonical
from .models import Client

METHODS = {**dict.fromkeys(CLIENT_SIGNING_ALGS, "private_key_jwt"), HMAC_ALG: "client_secret_jwt"}
"""By the algorithm of the signature: each method has keys of its own, so that what is public can
never be taken for a shared secret (RFC 8725 §2.1)."""
TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
TYPS = ("", "jwt", "client-authentication+jwt")
"""What an assertion may say it is; nothing that another kind of token of the client says."""
MAX_SECONDS = 3600
"""The longest that an assertion may live: so long its ``jti`` is remembered."""


def claimed(assertion: str) -> tuple[str, str]:
    """By which method an assertion authenticates, and which client it says it is of, unverified.
    Raises ``InvalidClientError``."""
    try:
        unverified = jwt.decode_complete(assertion, options={"verify_signature": False})
    except (jwt.PyJWTError, RecursionError):
        raise InvalidClientError(description="The client assertion is not a JWT.") from None
    method = METHODS.get(str(unverified["header"].get("alg")))
    client_id = unverified["payload"].get("sub")
    if method is None or not isinstance(client_id, str) or not client_id.isascii():
        raise InvalidClientError(description="The client assertion has no sub, or no usable alg.")
    return method, client_id


def proves(client: Client, assertion: str) -> bool:
    """Whether ``assertion`` was made by ``client`` for us, and is used for the first time
    (RFC 7523 §3). It is used up by this."""
    try:
        claims = _signed(client, assertion)
    except (jwt.PyJWTError, RecursionError, OverflowError):
        return False
    jti, exp = claims["jti"], claims["exp"]
    for_us = (
        claims["aud"] == issuer()  # FAPI 2.0 Security Profile §5.3.2.1: as a string, and no other
        if security_profile.is_fapi2(client)
        else _is_for_us(claims["aud"])
    )
    return (
        claims["iss"] == claims["sub"] == client.client_id
        and for_us
        and isinstance(jti, str)
        and bool(jti)
        and isinstance(exp, (int, float))
        and exp <= time.time() + MAX_SECONDS
        and replay.first_use(
            "client_assertion", f"{client.client_id} {jti}", exp + client_keys.LEEWAY_SECONDS
        )
    )


def _signed(client: Client, assertion: str) -> dict[str, Any]:
    """The claims, signed by a key of the client with an algorithm that it may use.

    Where it has none that could be meant, a key that nobody holds is tried, so that the time of a
    refusal does not tell whether there is such a client.
    """
    header = jwt.get_unverified_header(assertion)
    alg = header.get("alg")
    if alg not in METHODS:
        raise jwt.InvalidAlgorithmError("not an algorithm of client assertions")
    if str(header.get("typ", "")).lower() not in TYPS:
        raise jwt.InvalidTokenError("another type of token")
    return client_keys.signed_by_one_of(
        _keys(client, alg, header.get("kid")) or [_key_of_nobody(alg)],
        assertion,
        alg=alg,
        options={"require": ["iss", "sub", "aud", "exp", "jti"], "verify_aud": False},
    )


def _keys(client: Client, alg: str, kid: str | None) -> list[Any]:
    """What may have made a signature of ``alg`` for ``client``: keys of that method alone, and no
    key is fetched for a method or an algorithm that the client is not registered for."""
    registered = canonical(client.registered("token_endpoint_auth_signing_alg"))
    if METHODS[alg] not in client.auth_methods or registered not in ("", canonical(alg)):
        return []
    if alg == HMAC_ALG:
        return client.shared_secrets()
    if alg not in security_profile.signing_algs(client):
        return []
    return client_keys.find(client, alg=alg, kid=kid)


@functools.cache
def _key_of_nobody(alg: str) -> Any:
    return secrets.token_hex() if alg == HMAC_ALG else keys.generate(canonical(alg)).public_key()


def _is_for_us(audience: Any) -> bool:
    """Whether every audience is this server: one that names another too could be used there."""
    ours = (issuer(), endpoint("token"), endpoint("par"))  # RFC 7523 §3, RFC 9126 §2
    audiences = audience if isinstance(audience, list) else [audience]
    return bool(audiences) and all(each in ours for each in audiences)
