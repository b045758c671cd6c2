"""Receipts: signed statements of what was erased, which hold nothing personal.

A compact JWS (RFC 7515) signed with Ed25519 (RFC 8037), by a key that is derived from the ring and
belongs to receipts alone. The public keys are kept, so that a receipt can be verified as long as
the database lives, and published, so that whoever has them can verify it without us.
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

from .encryption import ring
from .models import ReceiptKey

TYPE = "erasure-receipt+jwt"
MAX_LENGTH = 200_000
"""Characters of a receipt, of all regions together."""


class InvalidReceipt(Exception):
    """The text is no receipt of ours. What it says is for whoever brought it."""


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _decode(text: str) -> bytes:
    """What was encoded. Raises ``ValueError`` for any other spelling of it: Python's decoder takes
    ``+`` for ``-`` and doesn't look at the bits that are left over at the end (RFC 4648 §3.5)."""
    data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    if _encode(data) != text:
        raise ValueError("not as it is encoded")
    return data


def _json(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":"), sort_keys=True).encode()


def thumbprint(x: str) -> str:
    """The JWK thumbprint of an Ed25519 key (RFC 7638, RFC 8037 §2)."""
    return _encode(hashlib.sha256(_json({"crv": "Ed25519", "kty": "OKP", "x": x})).digest())


def _private_keys() -> list[Ed25519PrivateKey]:
    return [Ed25519PrivateKey.from_private_bytes(key) for key in ring().derive_all("receipts")]


def _x_of(key: Ed25519PrivateKey) -> str:
    return _encode(key.public_key().public_bytes_raw())


def sign(claims: Mapping[str, Any]) -> str:
    """A receipt of these claims, by the newest key, whose public half is kept in the same
    transaction."""
    key = _private_keys()[0]
    x = _x_of(key)
    kid = thumbprint(x)
    ReceiptKey.objects.bulk_create([ReceiptKey(kid=kid, x=x)], ignore_conflicts=True)
    header = {"alg": "EdDSA", "kid": kid, "typ": TYPE}
    signed = f"{_encode(_json(header))}.{_encode(_json(dict(claims)))}"
    return f"{signed}.{_encode(key.sign(signed.encode()))}"


def public_keys() -> dict[str, Any]:
    """The keys that receipts are verified by, as a JWK Set (RFC 7517 §5)."""
    of_the_ring = {thumbprint(x): x for x in map(_x_of, _private_keys())}
    kept = dict(ReceiptKey.objects.values_list("kid", "x"))
    return {"keys": [_jwk(kid, x) for kid, x in sorted({**kept, **of_the_ring}.items())]}


def _jwk(kid: str, x: str) -> dict[str, str]:
    return {"alg": "EdDSA", "crv": "Ed25519", "kid": kid, "kty": "OKP", "use": "sig", "x": x}


def verify(receipt: str, keys: Iterable[Mapping[str, Any]] | None = None) -> dict[str, Any]:
    """The claims of a receipt. Raises ``InvalidReceipt``.

    ``keys`` are the JWKs to believe, by default our own (``public_keys``). Algorithm and type are
    fixed: nothing of them is taken from the receipt.
    """
    text = receipt.strip()
    if len(text) > MAX_LENGTH:
        raise InvalidReceipt("It is too long for a receipt.")
    try:
        head, body, signature = text.split(".")
        header, claims = json.loads(_decode(head)), json.loads(_decode(body))
        sealed = _decode(signature)
    except (ValueError, binascii.Error, RecursionError):
        raise InvalidReceipt("It is not written as a receipt is.") from None
    if not isinstance(header, dict) or not isinstance(claims, dict):
        raise InvalidReceipt("It is not written as a receipt is.")
    if (header.get("alg"), header.get("typ")) != ("EdDSA", TYPE):
        raise InvalidReceipt("It is a token of another kind.")
    believed = public_keys()["keys"] if keys is None else keys
    for jwk in believed:
        if jwk.get("kid") == header.get("kid") and jwk.get("crv") == "Ed25519":
            try:
                public = Ed25519PublicKey.from_public_bytes(_decode(str(jwk.get("x"))))
                public.verify(sealed, f"{head}.{body}".encode())
            except (InvalidSignature, ValueError):
                raise InvalidReceipt("Its signature is not right.") from None
            return claims
    raise InvalidReceipt("It was not signed by a key that is known here.")
