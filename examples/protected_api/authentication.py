"""Bearer access tokens (RFC 6750) that are JWTs (RFC 9068), verified without asking the issuer.

Only the issuer's public keys are fetched, and kept; a key ID that is new fetches them again, at
most every 30 seconds.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

import httpx2
import jwt
from django.conf import settings
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import APIException
from rest_framework.request import Request

ALGORITHMS = ["ES256", "RS256", "EdDSA"]
"""Asymmetric only: with HS256 in the list, the public key would serve as a shared secret."""

TYPES = ("at+jwt", "application/at+jwt")
LEEWAY = 60
"""Seconds by which our clock and the issuer's may differ."""


class BearerError(APIException):
    """A refusal in the words of RFC 6750 §3.1."""

    def __init__(self, status: int, error: str, description: str, **attributes: str) -> None:
        super().__init__(description, error)
        self.status_code = status
        challenge = {"error": error, "error_description": description, **attributes}
        self.auth_header = "Bearer " + ", ".join(f'{k}="{v}"' for k, v in challenge.items())


class IssuerUnreachable(APIException):
    """The issuer's keys can't be had: not the caller's fault, so no 401."""

    status_code = 503
    default_detail = "The keys of the token issuer are not available."


@dataclass(frozen=True)
class TokenHolder:
    """Who calls: ``request.user`` of a request with a valid token."""

    claims: dict[str, Any]
    is_authenticated = True


@functools.cache
def key_client() -> jwt.PyJWKClient:
    """The keys at the ``jwks_uri`` of the issuer's metadata. Raises ``IssuerUnreachable``."""
    try:
        answer = httpx2.get(
            settings.ISSUER_URL.rstrip("/") + "/.well-known/openid-configuration", timeout=5
        )
        metadata = answer.raise_for_status().json()
        if metadata["issuer"] != settings.ISSUER_URL:
            raise IssuerUnreachable
        return jwt.PyJWKClient(metadata["jwks_uri"], timeout=5, cooldown_duration=30)
    except (httpx2.HTTPError, ValueError, KeyError) as error:
        raise IssuerUnreachable from error


def verify(token: str) -> dict[str, Any]:
    """The claims of a valid access token for this API (RFC 9068 §4).

    Raises ``jwt.PyJWTError`` for any other, ``IssuerUnreachable`` if that can't be told.
    """
    header = jwt.get_unverified_header(token)
    if str(header.get("typ", "")).lower() not in TYPES:
        raise jwt.InvalidTokenError("not an access token")
    if header.get("alg") not in ALGORITHMS:
        raise jwt.InvalidAlgorithmError("algorithm not allowed")
    try:
        key = key_client().get_signing_key(str(header.get("kid")))
    except jwt.PyJWKClientConnectionError as error:
        raise IssuerUnreachable from error
    claims: dict[str, Any] = jwt.decode(
        token,
        key,
        algorithms=ALGORITHMS,
        issuer=settings.ISSUER_URL,
        audience=settings.API_AUDIENCE,
        leeway=LEEWAY,
        options={"require": ["iss", "exp", "aud", "sub", "client_id", "iat", "jti"]},
    )
    if "cnf" in claims:  # bound to a key of the client, which a bearer does not show (RFC 9449 §7)
        raise jwt.InvalidTokenError("a sender-constrained token is no bearer token")
    return claims


class AccessTokenJWT(BaseAuthentication):
    """``Authorization: Bearer`` with an access token of our issuer."""

    def authenticate(self, request: Request) -> tuple[TokenHolder, dict[str, Any]] | None:
        """The holder and the claims; ``None`` if no token is shown."""
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        try:
            claims = verify(token.strip())
        except jwt.PyJWTError:
            raise BearerError(
                401, "invalid_token", "The access token is expired, malformed or not for this API."
            ) from None
        return TokenHolder(claims), claims

    def authenticate_header(self, request: Request) -> str:
        """The challenge for a request without a token (RFC 6750 §3: no error code)."""
        return 'Bearer realm="api"'
