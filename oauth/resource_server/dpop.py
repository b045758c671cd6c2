"""DPoP proofs (RFC 9449): what a resource and an authorization server check alike."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

import jwt
from django.utils.crypto import salted_hmac

from .. import jwk

TYP = "dpop+jwt"
IAT_SECONDS = 60
"""How far a proof's ``iat`` may be from our clock, before or after."""
NONCE_SECONDS = 300
"""A nonce is taken in the window in which it was given and in the next."""
_DEFAULT_PORTS = {"https": 443, "http": 80}


class InvalidProof(Exception):
    """The proof is missing or not valid. The text tells why, in words for a client."""


@dataclass(frozen=True)
class Proof:
    """A proof that is good for the request it came with, but for its nonce and a replay."""

    jkt: str
    """The thumbprint of the key that it proves (RFC 7638)."""
    jti: str
    iat: float
    nonce: Any
    """As given, ``None`` where there is none."""

    @property
    def identifier(self) -> str:
        """What may be used once, until ``expires_at`` (RFC 9449 §11.1)."""
        return f"{self.jkt} {self.jti}"

    @property
    def expires_at(self) -> float:
        """From when on (Unix time) its ``iat`` is too far from now."""
        return self.iat + IAT_SECONDS


def check(
    proof: str, *, method: str, url: str, algorithms: Sequence[str], access_token: str = ""
) -> Proof:
    """The proof, if it is one for this very request (RFC 9449 §4.3). Raises ``InvalidProof``.

    ``access_token`` is what the request presents with it. The nonce, and whether the proof was used
    before, are left to the caller, in this order.
    """
    try:
        claims, jkt = _signed(proof, algorithms)
    except (jwt.PyJWTError, RecursionError, ValueError):
        raise InvalidProof("The DPoP proof is not valid.") from None
    if claims.get("htm") != method:
        raise InvalidProof("The htm of the DPoP proof is not the method of this request.")
    if not _same_address(claims.get("htu"), url):
        raise InvalidProof("The htu of the DPoP proof is not the address of this request.")
    iat: Any = claims.get("iat")
    jti = claims.get("jti")
    if type(iat) not in (int, float) or not abs(int(time.time()) - iat) <= IAT_SECONDS:
        raise InvalidProof(
            f"The iat of the DPoP proof is more than {IAT_SECONDS} seconds from now, by our clock."
        )
    if not isinstance(jti, str) or not jti:
        raise InvalidProof("The DPoP proof has no jti.")
    if access_token and not equal(claims.get("ath"), ath(access_token)):
        raise InvalidProof("The DPoP proof is for another access token.")
    return Proof(jkt, jti, iat, claims.get("nonce"))


def _signed(proof: str, algorithms: Sequence[str]) -> tuple[dict[str, Any], str]:
    """The claims and the thumbprint of the key in the header. Raises ``jwt.PyJWTError``."""
    header = jwt.get_unverified_header(proof)
    if header.get("typ") != TYP or header.get("alg") not in algorithms:
        raise jwt.InvalidTokenError("not a DPoP proof")
    key = jwk.public_key(header.get("jwk"), header["alg"])
    unchecked = ("exp", "nbf", "iat", "aud", "iss", "sub", "jti")
    claims: dict[str, Any] = jwt.decode(
        proof,
        key,
        algorithms=[header["alg"]],
        options={f"verify_{name}": False for name in unchecked},  # type: ignore[arg-type, misc]
    )
    return claims, jwk.thumbprint(header["jwk"])


def ath(access_token: str) -> str:
    """The hash of an access token (RFC 9449 §4.2)."""
    digest = hashlib.sha256(access_token.encode("utf-8", "surrogatepass")).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def equal(given: Any, wanted: str) -> bool:
    """Whether a value of a stranger's is ``wanted``, in constant time."""
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
    return parts.scheme, parts.hostname, port, unquote(parts.path or "/", errors="strict")


# --- a server's nonce (RFC 9449 §8, §9) --------------------------------------------------------


def new_nonce(salt: str) -> str:
    """The nonce of now. Nothing is kept: every process knows it from the time, ``SECRET_KEY`` and
    ``salt``, which tells apart whose nonces they are."""
    return _nonce(salt, int(time.time()) // NONCE_SECONDS)


def is_live_nonce(given: Any, salt: str) -> bool:
    """Whether ``given`` is the nonce of this window or of the one before."""
    window = int(time.time()) // NONCE_SECONDS
    live = [equal(given, _nonce(salt, window - age)) for age in (0, 1)]
    return any(live)


def _nonce(salt: str, window: int) -> str:
    digest = salted_hmac(salt, str(window), algorithm="sha256").digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
