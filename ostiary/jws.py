"""Compact JWS (RFC 7515) signed by Ed25519 (RFC 8037), and by no other algorithm: what this site
says so that others can prove that it did. Type and algorithm are fixed by whoever verifies; nothing
of them is taken from the token.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey


class InvalidJWS(Exception):
    """The text is not what was asked for. What it says is for whoever brought it."""


def encode(data: bytes) -> str:
    """Base64url without padding (RFC 7515 §2)."""
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def decode(text: str) -> bytes:
    """What was encoded. Raises ``ValueError`` for any other spelling of it: Python's decoder takes
    ``+`` for ``-`` and doesn't look at the bits that are left over at the end (RFC 4648 §3.5)."""
    data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    if encode(data) != text:
        raise ValueError("not as it is encoded")
    return data


def to_json(value: Any) -> bytes:
    """JSON that is the same for the same value."""
    return json.dumps(value, separators=(",", ":"), sort_keys=True).encode()


def x_of(key: Ed25519PrivateKey) -> str:
    """The public half, as ``x`` of its JWK (RFC 8037 §2)."""
    return encode(key.public_key().public_bytes_raw())


def thumbprint(x: str) -> str:
    """The JWK thumbprint of an Ed25519 key (RFC 7638, RFC 8037 §2)."""
    return encode(hashlib.sha256(to_json({"crv": "Ed25519", "kty": "OKP", "x": x})).digest())


def jwk(x: str) -> dict[str, str]:
    """The public JWK, with its thumbprint as ``kid``."""
    key = {"alg": "EdDSA", "crv": "Ed25519", "kty": "OKP", "use": "sig", "x": x}
    return {**key, "kid": thumbprint(x)}


def sign(claims: Mapping[str, Any], typ: str, key: Ed25519PrivateKey) -> str:
    """A token of the type ``typ`` that says ``claims``."""
    header = {"alg": "EdDSA", "kid": thumbprint(x_of(key)), "typ": typ}
    signed = f"{encode(to_json(header))}.{encode(to_json(dict(claims)))}"
    return f"{signed}.{encode(key.sign(signed.encode()))}"


def unverified(text: str, max_length: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims of a token that nobody has verified. Raises ``InvalidJWS``."""
    if len(text) > max_length:
        raise InvalidJWS("It is too long.")
    try:
        head, body, _ = text.split(".")
        header, claims = json.loads(decode(head)), json.loads(decode(body))
    except (ValueError, binascii.Error, RecursionError):
        raise InvalidJWS("It is not written as a JWS is.") from None
    if not isinstance(header, dict) or not isinstance(claims, dict):
        raise InvalidJWS("It is not written as a JWS is.")
    return header, claims


def verify(
    text: str, typ: str, keys: Iterable[Mapping[str, Any]], max_length: int
) -> dict[str, Any]:
    """The claims of a token of the type ``typ`` that one of ``keys`` (JWKs) signed.

    Raises ``InvalidJWS``.
    """
    header, claims = unverified(text, max_length)
    if (header.get("alg"), header.get("typ")) != ("EdDSA", typ):
        raise InvalidJWS("It is a token of another kind.")
    signed, _, signature = text.rpartition(".")
    for key in keys:
        if key.get("kid") == header.get("kid") and key.get("crv") == "Ed25519":
            try:
                public = Ed25519PublicKey.from_public_bytes(decode(str(key.get("x"))))
                public.verify(decode(signature), signed.encode())
            except (InvalidSignature, ValueError):
                raise InvalidJWS("Its signature is not right.") from None
            return claims
    raise InvalidJWS("It was not signed by a key that is known here.")
