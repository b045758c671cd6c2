"""Calls of a protected resource, good ones but for what is told."""

from __future__ import annotations

import secrets
import time
from typing import Any

import jwt
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from oauth import jwk
from oauth.resource_server import AccessRefused, AccessToken, ResourceServer
from oauth.resource_server.dpop import ath
from tests.examples.issuer import Issuer
from tests.oauth.assertions import public_jwk

AUDIENCE = "https://api.example/"
ADDRESS = "http://testserver/notes"


def good_token(issuer: Issuer, kid: str = "one", typ: str = "at+jwt", **changes: Any) -> str:
    """An access token for the API (RFC 9068), but for ``changes`` (None: without it)."""
    return issuer.sign(issuer.access_token_claims(**changes), kid=kid, typ=typ)


def request_with(token: str | None = None, scheme: str = "Bearer", **headers: str) -> HttpRequest:
    """``GET /notes`` with a token."""
    if token is not None:
        headers["authorization"] = f"{scheme} {token}"
    return RequestFactory().get("/notes", headers=headers)


def answer_to(server: ResourceServer, request: HttpRequest) -> AccessToken | HttpResponse:
    """The token that the API takes, or its refusal."""
    try:
        return server.authenticate(request)
    except AccessRefused as refused:
        return server.refusal(refused, request)


def takes(server: ResourceServer, token: str) -> bool:
    """Whether the API takes a bearer token; if not, it answers as RFC 6750 says."""
    answer = answer_to(server, request_with(token))
    if isinstance(answer, HttpResponse):
        assert answer.status_code == 401
        assert 'error="invalid_token"' in answer["WWW-Authenticate"]
        return False
    return True


def error_of(server: ResourceServer, request: HttpRequest) -> tuple[int, str]:
    """The status and the error code of a refusal."""
    answer = answer_to(server, request)
    assert isinstance(answer, HttpResponse)
    found = answer.headers.get("WWW-Authenticate", "").partition('error="')[2].partition('"')[0]
    return answer.status_code, found


def make_proof(
    key: Any,
    token: str,
    header: dict[str, Any] | None = None,
    *,
    alg: str = "ES256",
    **claims: Any,
) -> str:
    """A DPoP proof for ``request_with``; a claim of ``None`` is left out."""
    claims = {
        "jti": secrets.token_urlsafe(16),
        "htm": "GET",
        "htu": ADDRESS,
        "iat": int(time.time()),
        "ath": ath(token),
        **claims,
    }
    return jwt.encode(
        {name: value for name, value in claims.items() if value is not None},
        key,
        algorithm=alg,
        headers={"typ": "dpop+jwt", "jwk": public_jwk(key, alg), **(header or {})},
    )


def jkt_of(key: Any) -> str:
    """The thumbprint of a key."""
    return jwk.thumbprint(public_jwk(key))
