"""Tokens of this server, signed and read as RFC 7515 and RFC 8725 want it."""

from __future__ import annotations

import functools
import json
import logging
import time
from collections.abc import Mapping
from typing import Any

import jwt
from jwt.algorithms import get_default_algorithms
from jwt.utils import base64url_encode

from . import keys, signer
from .keys import LoadedKey
from .verified import Memory, Verified

log = logging.getLogger(__name__)

LEEWAY_SECONDS = 10
"""By how much the clocks of our own machines may differ."""
_ALGORITHMS = get_default_algorithms()
_encode = json.JSONEncoder(separators=(",", ":")).encode
_memory = Memory[Verified]()


def sign(claims: dict[str, Any], *, alg: str, typ: str) -> str:
    """A JWT of ``claims``, signed by the active key of ``alg`` (RFC 7515).

    Raises as ``keys.active``.
    """
    key = keys.active(alg)
    signed = _header(key.alg, key.kid, typ) + b"." + _part(claims)
    if key.private_key is not None:
        signature = _ALGORITHMS[key.alg].sign(signed, key.private_key)
    else:
        signature = _by_signer(signed, key)
    return (signed + b"." + base64url_encode(signature)).decode()


@functools.lru_cache(maxsize=64)
def _header(alg: str, kid: str, typ: str) -> bytes:
    return _part({"alg": alg, "kid": kid, "typ": typ})


def _part(of_token: dict[str, Any]) -> bytes:
    return base64url_encode(_encode(of_token).encode())


def _by_signer(signed: bytes, key: LoadedKey) -> bytes:
    """The signature of the signer (RFC 7515 §5.1), once it is seen to be good."""
    signature = signer.sign(key.kid, key.alg, signed)
    public_key = keys.keyset().verifiers[key.kid][1]
    if not _ALGORITHMS[key.alg].verify(signed, public_key, signature):
        log.error("the signer's signature by %s is not valid", key.kid)
        raise signer.SignerUnavailableError
    return signature


def verify(
    token: str, *, typ: str, issuer: str, audience: str | None, verify_exp: bool = True
) -> dict[str, Any]:
    """The claims of a JWT of ours. Raises ``jwt.InvalidTokenError`` (RFC 8725).

    The algorithm is the key's own, never the token's word for it; an unknown ``kid`` or another
    ``typ`` is refused, so that an ID token never passes for an access token. ``audience=None``
    leaves ``aud`` to the caller.
    """
    seen = _memory.find(token)
    header = {"kid": seen.kid, "typ": seen.typ} if seen else header_of(token)
    kid = str(header.get("kid"))
    known = keys.keyset().verifiers.get(kid)
    if known is None:
        raise jwt.InvalidTokenError("unknown kid")
    if str(header.get("typ", "")).lower() != typ.lower():
        raise jwt.InvalidTokenError("another type of token")
    alg, public_key = known
    if (
        seen
        and seen.key is public_key
        and _still_holds(seen.claims, issuer=issuer, audience=audience, verify_exp=verify_exp)
    ):
        return dict(seen.claims)
    claims = decode(token, public_key, alg, issuer=issuer, audience=audience, verify_exp=verify_exp)
    _memory.keep(token, Verified(public_key, kid, alg, str(header["typ"]), claims))
    return dict(claims)


def _still_holds(
    claims: Mapping[str, Any], *, issuer: str, audience: str | None, verify_exp: bool
) -> bool:
    """Whether what was good before is good now, for this audience; else ``decode`` says why not."""
    now, aud = time.time(), claims["aud"]
    return (
        claims["iss"] == issuer
        and (audience is None or audience == aud or (isinstance(aud, list) and audience in aud))
        and (not verify_exp or claims["exp"] > now - LEEWAY_SECONDS)
        and max(claims["iat"], claims.get("nbf", 0)) <= now + LEEWAY_SECONDS
    )


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
