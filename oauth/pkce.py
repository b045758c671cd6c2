"""Proof Key for Code Exchange (RFC 7636), ``S256`` only, for every client (RFC 9700 §2.1.1)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re

from oauthlib.oauth2.rfc6749.errors import InvalidGrantError, InvalidRequestError

METHOD = "S256"
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")


def challenge_of(verifier: str) -> str:
    """``BASE64URL(SHA256(ASCII(code_verifier)))`` (RFC 7636 §4.2)."""
    digest = hashlib.sha256(verifier.encode("ascii")).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")


def check_challenge(challenge: str | None, method: str | None) -> str:
    """The ``code_challenge`` of an authorization request (RFC 7636 §4.4.1).

    Raises ``InvalidRequestError`` when it is missing or malformed, or its method is not ``S256``:
    without a method the RFC means ``plain``, which is refused too.
    """
    if not challenge:
        raise InvalidRequestError(description="Code challenge required.")
    if method != METHOD:
        raise InvalidRequestError(description="Transform algorithm not supported, use S256.")
    if not _CHALLENGE.fullmatch(challenge):
        raise InvalidRequestError(description="Malformed code_challenge.")
    return challenge


def check_verifier(verifier: str | None, challenge: str) -> None:
    """Verify a code verifier (RFC 7636 §4.6). Raises ``InvalidGrantError``."""
    if not verifier or not _VERIFIER.fullmatch(verifier):
        raise InvalidGrantError(description="code_verifier missing or malformed.")
    if not hmac.compare_digest(challenge_of(verifier), challenge):
        raise InvalidGrantError(description="code_verifier does not match the code_challenge.")
