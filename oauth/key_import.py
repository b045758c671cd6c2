"""Reading a private key that was made elsewhere, to sign with it here."""

from __future__ import annotations

import json
import re
from typing import Any

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from jwt.algorithms import get_default_algorithms

from . import jwk
from .client_metadata import SIGNING_ALGS

KID_MAX_LENGTH = 64
WHAT_SIGNS = "Keys that sign here are RSA (RS256, PS256), P-256 (ES256) and Ed25519 (EdDSA)."
PEM_LABEL = re.compile(rb"-----BEGIN ([A-Z0-9 ]{1,40})-----")


def read(data: bytes, alg: str | None = None) -> tuple[Any, str, str | None]:
    """The private key in a PEM or JWK file, its algorithm, and the ``kid`` that a JWK names.

    ``alg`` has to be told where the file doesn't, since an RSA key has two to choose from. Raises
    ``ValueError``, in words, for what can't sign here.
    """
    told: dict[str, Any] = {}
    if data.lstrip().startswith(b"{"):
        told = _jwk(data)
        if alg and told.get("alg", alg) != alg:
            raise ValueError(f"The key is for {told['alg']}.")
        alg = alg or told.get("alg")
    key = None if told else _pem(data)
    only = _only_algorithm(key or told)
    alg = alg or only
    if alg not in SIGNING_ALGS:
        raise ValueError(f"Choose an algorithm from {', '.join(SIGNING_ALGS)}.")
    codec: Any = get_default_algorithms()[alg]
    try:
        if key is None:
            key = codec.from_jwk(told)
        jwk.public_key(json.loads(codec.to_jwk(key.public_key())), alg)
    except (jwt.InvalidKeyError, ValueError, TypeError, AttributeError, KeyError):
        raise ValueError(f"This is no private key for {alg}, or a weak one.") from None
    kid = told.get("kid")
    if kid is not None and not (isinstance(kid, str) and 0 < len(kid) <= KID_MAX_LENGTH):
        raise ValueError(f"The kid has more than {KID_MAX_LENGTH} characters, or none.")
    return key, alg, kid


def _jwk(data: bytes) -> dict[str, Any]:
    try:
        told: dict[str, Any] = json.loads(data)
    except ValueError:
        raise ValueError("The file is neither PEM nor a JWK.") from None
    if "keys" in told:
        raise ValueError("This is a set of keys: give one of them.")
    if told.get("kty") not in jwk.REQUIRED_MEMBERS:
        raise ValueError(f"This is a JWK of the type {told.get('kty')!r}. {WHAT_SIGNS}")
    if "d" not in told:
        raise ValueError("The JWK has no private part.")
    return told


def _pem(data: bytes) -> Any:
    label = PEM_LABEL.search(data)
    if not label:
        raise ValueError("The file is neither PEM nor a JWK.")
    if not label[1].endswith(b"PRIVATE KEY"):
        raise ValueError(f"The file holds a {label[1].decode().lower()}, and no private key.")
    try:
        return load_pem_private_key(data, None)
    except TypeError:
        raise ValueError("The key is protected by a passphrase: remove it first.") from None
    except (UnsupportedAlgorithm, ValueError) as problem:
        raise ValueError(f"The private key can't be read: {problem} {WHAT_SIGNS}") from None


def _only_algorithm(key: Any) -> str | None:
    """The one algorithm of keys of this kind; ``None`` for RSA, which has two.

    Raises ``ValueError`` for a kind that has none here, such as ML-DSA.
    """
    if isinstance(key, dict):
        return {"EC": "ES256", "OKP": "EdDSA"}.get(key.get("kty", ""))
    if isinstance(key, rsa.RSAPrivateKey):
        return None
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return "ES256"
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return "EdDSA"
    kind = type(key).__name__.removesuffix("PrivateKey")
    raise ValueError(f"This is a key of the kind {kind}. {WHAT_SIGNS}")
