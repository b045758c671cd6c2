"""Public keys of others as JSON Web Keys (RFC 7517)."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt.algorithms import OKPAlgorithm

PRIVATE_MEMBERS = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"})
"""What a public key never has."""
REQUIRED_MEMBERS = {
    "EC": ("crv", "kty", "x", "y"),
    "OKP": ("crv", "kty", "x"),
    "RSA": ("e", "kty", "n"),
}
"""What makes up a public key of each type (RFC 7638 §3.2)."""
RSA_MINIMUM_BITS = 2048
_OF_ALG = {
    "RS256": ("RSA", None),
    "PS256": ("RSA", None),
    "ES256": ("EC", "P-256"),
    "EdDSA": ("OKP", "Ed25519"),
}
ALGORITHMS = tuple(_OF_ALG)
"""The signature algorithms that we take: asymmetric ones alone."""
ENCRYPTION_ALGS = ("RSA-OAEP-256", "ECDH-ES", "ECDH-ES+A256KW")
ENCRYPTION_ENCS = ("A256GCM", "A128GCM", "A128CBC-HS256", "A256CBC-HS512")
"""What we encrypt by, to a key of somebody else (RFC 7518 §4.1, §5.1)."""
_OTHER_NAMES = {"EdDSA": "Ed25519"}
"""EdDSA with that curve, by the name that says so (RFC 9864 §2.2), as newer clients write it."""

with suppress(ValueError):  # a PyJWT that knows it by itself
    jwt.register_algorithm("Ed25519", OKPAlgorithm())


def canonical(alg: Any) -> Any:
    """The name in ``ALGORITHMS`` of an algorithm that somebody names; another value as it is."""
    return next((ours for ours, other in _OTHER_NAMES.items() if alg == other), alg)


def spellings(algorithms: Iterable[str]) -> tuple[str, ...]:
    """All names by which a signature may say that it is of one of ``algorithms``."""
    ours = tuple(algorithms)
    return (*ours, *(_OTHER_NAMES[alg] for alg in ours if alg in _OTHER_NAMES))


def public_key(jwk: Any, alg: str) -> Any:
    """The key in ``jwk``, to verify signatures of ``alg``.

    Raises ``jwt.InvalidKeyError`` for a private or symmetric key, one of another type or curve, and
    one too small (RFC 8725 §3.1, §3.5).
    """
    alg = canonical(alg)
    kty, crv = _OF_ALG[alg]
    if not isinstance(jwk, Mapping) or jwk.keys() & PRIVATE_MEMBERS:
        raise jwt.InvalidKeyError("not a public key")
    if jwk.get("kty") != kty or (crv and jwk.get("crv") != crv):
        raise jwt.InvalidKeyError("not a key for this algorithm")
    try:
        key = jwt.PyJWK(public_members(jwk), algorithm=alg).key
    except (jwt.PyJWTError, KeyError, TypeError, ValueError):
        raise jwt.InvalidKeyError("not a key") from None
    if isinstance(key, RSAPublicKey) and key.key_size < RSA_MINIMUM_BITS:
        raise jwt.InvalidKeyError("the key is too small")
    return key


def public_members(jwk: Mapping[str, Any]) -> dict[str, Any]:
    """What makes up the key, without what is said about it. Raises ``KeyError``."""
    return {name: jwk[name] for name in REQUIRED_MEMBERS[jwk["kty"]]}


def thumbprint(jwk: Mapping[str, Any]) -> str:
    """The SHA-256 thumbprint of a key, base64url (RFC 7638 §3). Raises ``KeyError``."""
    canonical = json.dumps(public_members(jwk), separators=(",", ":"), sort_keys=True).encode()
    return base64.urlsafe_b64encode(hashlib.sha256(canonical).digest()).rstrip(b"=").decode()
