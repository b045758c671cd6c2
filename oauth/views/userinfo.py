"""The UserInfo endpoint (OIDC Core §5.3, RFC 6750, RFC 9449 §7)."""

from __future__ import annotations

from typing import Any

import jwt
from django.core.exceptions import BadRequest, SuspiciousOperation
from django.http import HttpRequest, HttpResponse, JsonResponse
from oauthlib.oauth2.rfc6749.errors import OAuth2Error

from .. import (
    access_token,
    claims,
    dpop,
    families,
    mtls,
    requested_claims,
    security_profile,
    userinfo_response,
)
from ..conf import oauth_settings
from ..issuer import endpoint
from ..models import Grant
from ..parameters import read_as_utf8, secret_in_query
from .token import json_answer, jwt_answer


class BearerError(Exception):
    """A refusal of RFC 6750 §3.1."""

    def __init__(self, error: str, description: str, status: int) -> None:
        super().__init__(error)
        self.error, self.description, self.status = error, description, status


def userinfo(request: HttpRequest) -> HttpResponse:
    """The claims about the person whose access token this is."""
    if request.method not in ("GET", "POST"):
        return HttpResponse(status=405, headers={"Allow": "GET, POST"})
    try:
        scheme, token = _presented(request)
        granted = _verified(token)
        grant = _grant(granted)
        _check_binding(request, scheme, token, granted, grant)
    except BearerError as error:
        return _challenge(error)
    scopes = granted["scope"].split()
    client = grant.application
    try:
        about = {
            **claims.about(grant.user, client, scopes, "userinfo"),
            **requested_claims.released(grant, "userinfo"),
            "sub": granted["sub"],
        }
        signed = userinfo_response.response(client, about)
    except OAuth2Error as error:
        return json_answer(error.json, error.status_code, {})
    if signed is None:
        return JsonResponse(about, headers={"Cache-Control": "no-store"})
    return jwt_answer(signed, userinfo_response.CONTENT_TYPE)


def _presented(request: HttpRequest) -> tuple[str, str]:
    """The scheme, in lower case, and the token of the Authorization header: never of the query or
    body (SECURITY B11), and who sends one there is told so."""
    if name := secret_in_query(request):
        raise BearerError("invalid_request", f"{name} must not be in the query.", 400)
    scheme, _, token = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
    if scheme.lower() not in ("bearer", "dpop") or not token.strip():
        if _has_token_in_body(request):
            raise BearerError(
                "invalid_request", "Send access_token in the Authorization header.", 400
            )
        raise BearerError("", "", 401)
    return scheme.lower(), str(token.strip())


def _has_token_in_body(request: HttpRequest) -> bool:
    """RFC 6750 §2.2, which is not offered here."""
    read_as_utf8(request)
    try:
        return "access_token" in request.POST
    except (BadRequest, SuspiciousOperation):
        return False


def _verified(token: str) -> dict[str, Any]:
    try:
        granted = access_token.verify(token)
    except jwt.InvalidTokenError:
        raise BearerError("invalid_token", "The access token is not valid.", 401) from None
    if "openid" not in granted.get("scope", "").split():
        raise BearerError("insufficient_scope", "The openid scope is needed.", 403)
    return granted


def _grant(granted: dict[str, Any]) -> Grant:
    """The grant of a token, if it still stands (one SQL statement)."""
    grant = families.find_to_tell(granted)
    if grant is None:
        raise BearerError("invalid_token", "The access token is not valid.", 401)
    return grant


def _check_binding(
    request: HttpRequest, scheme: str, token: str, granted: dict[str, Any], grant: Grant
) -> None:
    """A bound token is taken with a proof of its key alone, and no other with one
    (RFC 8705 §3, RFC 9449 §7.1, §7.2)."""
    bound = granted.get("cnf", {})
    if "x5t#S256" in bound:
        certificate = mtls.shown(request)
        if certificate is None or certificate.thumbprint != bound["x5t#S256"]:
            raise BearerError("invalid_token", "The token is bound to another certificate.", 401)
    jkt = bound.get("jkt")
    if (scheme == "dpop") != (jkt is not None):
        raise BearerError("invalid_token", "The token and the scheme do not go together.", 401)
    if jkt is None:
        return
    try:
        shown = dpop.verify(
            request.headers.get("DPoP", ""),
            method=str(request.method),
            url=endpoint("userinfo"),
            access_token=token,
            needs_nonce=oauth_settings.DPOP_NONCE_REQUIRED,
            algorithms=security_profile.signing_algs(grant.application),
        )
    except OAuth2Error as error:
        raise BearerError(error.error, error.description, 401) from None
    if shown != jkt:
        raise BearerError("invalid_token", "The token is bound to another key.", 401)


def _challenge(error: BearerError) -> HttpResponse:
    """RFC 6750 §3: without a token in the request, no error is named."""
    detail = ""
    if error.error:
        detail = f', error="{error.error}", error_description="{error.description}"'
    if error.status == 403:
        detail += ', scope="openid"'
    body = {"error": error.error, "error_description": error.description} if error.error else {}
    response = JsonResponse(body, status=error.status, headers={"Cache-Control": "no-store"})
    algs = " ".join(dpop.ALGORITHMS)
    response["WWW-Authenticate"] = (
        f'Bearer realm="userinfo"{detail}, DPoP realm="userinfo", algs="{algs}"{detail}'
    )
    if error.error == dpop.UseDpopNonceError.error:
        response["DPoP-Nonce"] = dpop.new_nonce()
    return response
