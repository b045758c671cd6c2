"""Encryption to a key of somebody else (RFC 7516, RFC 7518 §4 and §5)."""

from __future__ import annotations

from typing import Any

import jwt
from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey
from jwt.utils import base64url_decode

from .jwk import (
    ENCRYPTION_ALGS,
    ENCRYPTION_ENCS,
    PRIVATE_MEMBERS,
    RSA_MINIMUM_BITS,
    public_members,
)

DEFAULT_ENC = "A128CBC-HS256"
"""Where a client has registered an algorithm alone (OpenID Connect Registration §2)."""
_CURVES = frozenset({"P-256", "P-384", "P-521", "X25519"})
_REGISTRY = jwe.JWERegistry(algorithms=[*ENCRYPTION_ALGS, *ENCRYPTION_ENCS])

RecipientKey = RSAKey | ECKey | OKPKey


def recipient_key(jwk: Any, alg: str) -> RecipientKey:
    """The public key in ``jwk``, to encrypt to by ``alg``.

    Raises ``jwt.InvalidKeyError`` for a private or symmetric key, one that is for something else,
    of another type or curve, and one too small.
    """
    if not isinstance(jwk, dict) or jwk.keys() & PRIVATE_MEMBERS:
        raise jwt.InvalidKeyError("not a public key")
    if jwk.get("use", "enc") != "enc" or jwk.get("alg", alg) != alg:
        raise jwt.InvalidKeyError("not for this")
    try:
        key = _imported(public_members(jwk), agreed="ECDH" in alg)
    except (JoseError, KeyError, TypeError, ValueError):
        raise jwt.InvalidKeyError("not a key for this algorithm") from None
    return key


def _imported(members: dict[str, Any], *, agreed: bool) -> RecipientKey:
    if not agreed:
        modulus = int.from_bytes(base64url_decode(members["n"]))
        if modulus.bit_length() < RSA_MINIMUM_BITS:
            raise ValueError("too small")
        return RSAKey.import_key(members)
    if members["crv"] not in _CURVES:
        raise ValueError("another curve")
    curve = ECKey if members["kty"] == "EC" else OKPKey
    found = curve.import_key(members)
    found.public_key  # noqa: B018  (the point is looked at only here)
    return found


def encrypt(payload: str, key: RecipientKey, *, kid: str, alg: str, enc: str, cty: str = "") -> str:
    """A compact JWE of ``payload``; ``cty`` is ``JWT`` where that is one (RFC 7519 §5.2), and
    ``kid`` tells the recipient which key (empty for one without a name)."""
    header = {"alg": alg, "enc": enc, "kid": kid, "cty": cty}
    return jwe.encrypt_compact(
        {name: value for name, value in header.items() if value}, payload, key, registry=_REGISTRY
    )
