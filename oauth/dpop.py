"""Demonstrating Proof of Possession, DPoP (RFC 9449)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import time
from typing import Any
from urllib.parse import urlsplit

import jwt
from django.utils.crypto import salted_hmac
from oauthlib.oauth2.rfc6749.errors import OAuth2Error

from . import jwk, keys, replay
from .client_metadata import SIGNING_ALGS

TYP = "dpop+jwt"
ALGORITHMS = SIGNING_ALGS
"""Asymmetric ones alone (RFC 9449 §11.6)."""
IAT_SECONDS = 60
"""How far a proof's ``iat`` may be from our clock, before or after."""
NONCE_SECONDS = 300
"""A nonce is taken in the window in which it was given and in the next."""
_JKT = re.compile(r"[A-Za-z0-9_-]{43}")
_DEFAULT_PORTS = {"https": 443, "http": 80}


class InvalidDpopProofError(OAuth2Error):  # type: ignore[misc]  # oauthlib is untyped
    """The proof is missing where it is needed, or not valid (RFC 9449 §5)."""

    error = "invalid_dpop_proof"


class UseDpopNonceError(OAuth2Error):  # type: ignore[misc]  # oauthlib is untyped
    """The proof needs a nonce of ours, which the answer carries (RFC 9449 §8)."""

    error = "use_dpop_nonce"


def is_thumbprint(value: str) -> bool:
    """Whether ``value`` could be a ``dpop_jkt`` (RFC 9449 §10)."""
    return _JKT.fullmatch(value) is not None


def verify(
    proof: str, *, method: str, url: str, access_token: str = "", needs_nonce: bool = False
) -> str:
    """The thumbprint of the key that a proof for this very request proves (RFC 9449 §4.3).

    ``access_token`` is what the request presents with it. The proof is used up by this. Raises
    ``InvalidDpopProofError`` or ``UseDpopNonceError``.
    """
    try:
        claims, jkt = _signed(proof)
    except (jwt.PyJWTError, RecursionError):
        raise InvalidDpopProofError(description="The DPoP proof is not valid.") from None
    if claims.get("htm") != method or not _same_address(claims.get("htu"), url):
        raise InvalidDpopProofError(description="The DPoP proof is for another request.")
    iat: Any = claims.get("iat")
    jti = claims.get("jti")
    if type(iat) not in (int, float) or not abs(int(time.time()) - iat) <= IAT_SECONDS:
        raise InvalidDpopProofError(description="The iat of the DPoP proof is too far from now.")
    if not isinstance(jti, str) or not jti:
        raise InvalidDpopProofError(description="The DPoP proof has no jti.")
    if access_token and not _equal(claims.get("ath"), ath(access_token)):
        raise InvalidDpopProofError(description="The DPoP proof is for another access token.")
    if (needs_nonce or "nonce" in claims) and not _is_live_nonce(claims.get("nonce")):
        raise UseDpopNonceError(description="Use the nonce of the DPoP-Nonce header.")
    if not replay.first_use("dpop", f"{jkt} {jti}", iat + IAT_SECONDS):
        raise InvalidDpopProofError(description="The DPoP proof was used before.")
    return jkt


def _signed(proof: str) -> tuple[dict[str, Any], str]:
    """The claims and the thumbprint of the key in the header. Raises ``jwt.PyJWTError``."""
    header = jwt.get_unverified_header(proof)
    if header.get("typ") != TYP or header.get("alg") not in ALGORITHMS:
        raise jwt.InvalidTokenError("not a DPoP proof")
    key = jwk.public_key(header.get("jwk"), header["alg"])
    unchecked = ("exp", "nbf", "iat", "aud", "iss", "sub", "jti")
    claims: dict[str, Any] = jwt.decode(
        proof,
        key,
        algorithms=[header["alg"]],
        options={f"verify_{name}": False for name in unchecked},  # type: ignore[arg-type, misc]
    )
    return claims, keys.thumbprint(jwk.public_members(header["jwk"]))


def ath(access_token: str) -> str:
    """The hash of an access token (RFC 9449 §4.2)."""
    digest = hashlib.sha256(access_token.encode("utf-8", "surrogatepass")).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _equal(given: Any, wanted: str) -> bool:
    return isinstance(given, str) and hmac.compare_digest(
        given.encode("utf-8", "surrogatepass"), wanted.encode()
    )


def _same_address(given: Any, wanted: str) -> bool:
    """Whether both are the same without query and fragment (RFC 9449 §4.3, RFC 3986 §6.2)."""
    try:
        return isinstance(given, str) and _normal(given) == _normal(wanted)
    except ValueError:
        return False


def _normal(url: str) -> tuple[str, str | None, int | None, str]:
    parts = urlsplit(url)
    if parts.username is not None:
        raise ValueError("a user name is no part of an endpoint")
    port = parts.port or _DEFAULT_PORTS.get(parts.scheme)
    return parts.scheme, parts.hostname, port, parts.path or "/"


# --- the server's nonce (RFC 9449 §8) ----------------------------------------------------------


def _nonce(window: int) -> str:
    digest = salted_hmac("ostiary.oauth.dpop.nonce", str(window), algorithm="sha256").digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def new_nonce() -> str:
    """The nonce of now. Nothing is kept: every process knows it from the time."""
    return _nonce(int(time.time()) // NONCE_SECONDS)


def _is_live_nonce(given: Any) -> bool:
    window = int(time.time()) // NONCE_SECONDS
    live = [_equal(given, _nonce(window - age)) for age in (0, 1)]
    return any(live)
