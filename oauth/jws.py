"""Tokens of this server, signed and read as RFC 7515 and RFC 8725 want it."""

from __future__ import annotations

import json
import logging
from typing import Any

import jwt
from jwt.algorithms import get_default_algorithms
from jwt.utils import base64url_encode

from . import keys, signer
from .keys import LoadedKey

log = logging.getLogger(__name__)

LEEWAY_SECONDS = 10
"""By how much the clocks of our own machines may differ."""
_ALGORITHMS = get_default_algorithms()


def sign(claims: dict[str, Any], *, alg: str, typ: str) -> str:
    """A JWT of ``claims``, signed by the active key of ``alg`` (RFC 7515).

    Raises as ``keys.active``.
    """
    key = keys.active(alg)
    header = {"kid": key.kid, "typ": typ}
    if key.private_key is not None:
        return jwt.encode(claims, key.private_key, algorithm=key.alg, headers=header)
    return _signed_elsewhere(claims, key, header)


def _signed_elsewhere(claims: dict[str, Any], key: LoadedKey, header: dict[str, Any]) -> str:
    """A JWS around the signature of the signer (RFC 7515 §5.1), once it is seen to be good."""
    parts = ({"alg": key.alg, **header}, claims)
    signed = b".".join(
        base64url_encode(json.dumps(part, separators=(",", ":")).encode()) for part in parts
    )
    signature = signer.sign(key.kid, key.alg, signed)
    public_key = keys.keyset().verifiers[key.kid][1]
    if not _ALGORITHMS[key.alg].verify(signed, public_key, signature):
        log.error("the signer's signature by %s is not valid", key.kid)
        raise signer.SignerUnavailableError
    return (signed + b"." + base64url_encode(signature)).decode()


def verify(
    token: str, *, typ: str, issuer: str, audience: str | None, verify_exp: bool = True
) -> dict[str, Any]:
    """The claims of a JWT of ours. Raises ``jwt.InvalidTokenError`` (RFC 8725).

    The algorithm is the key's own, never the token's word for it; an unknown ``kid`` or another
    ``typ`` is refused, so that an ID token never passes for an access token. ``audience=None``
    leaves ``aud`` to the caller.
    """
    header = header_of(token)
    known = keys.keyset().verifiers.get(str(header.get("kid")))
    if known is None:
        raise jwt.InvalidTokenError("unknown kid")
    if str(header.get("typ", "")).lower() != typ.lower():
        raise jwt.InvalidTokenError("another type of token")
    alg, public_key = known
    return decode(token, public_key, alg, issuer=issuer, audience=audience, verify_exp=verify_exp)


def header_of(token: str) -> dict[str, Any]:
    """The header of a JWT, which proves nothing yet. Raises ``jwt.InvalidTokenError``."""
    try:
        header: dict[str, Any] = jwt.get_unverified_header(token)
    except RecursionError:
        raise jwt.InvalidTokenError("nested too deeply") from None
    return header


def decode(
    token: str, key: Any, alg: str, *, issuer: str, audience: str | None, verify_exp: bool
) -> dict[str, Any]:
    """The claims of a JWT of this server, signed with ``key`` by ``alg`` and no other. Raises
    ``jwt.InvalidTokenError``; ``audience=None`` leaves ``aud`` to the caller."""
    claims: dict[str, Any] = jwt.decode(
        token,
        key,
        algorithms=[alg],
        issuer=issuer,
        audience=audience,
        leeway=LEEWAY_SECONDS,
        options={
            "require": ["exp", "iat", "iss", "sub", "aud"],
            "verify_exp": verify_exp,
            "verify_aud": audience is not None,
        },
    )
    return claims
