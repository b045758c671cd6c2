"""The UserInfo endpoint (OIDC Core §5.3, RFC 6750)."""

from __future__ import annotations

from typing import Any

import jwt
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from .. import access_token, claims, families
from ..cors import open_to_all_origins
from ..models import Grant


class BearerError(Exception):
    """A refusal of RFC 6750 §3.1."""

    def __init__(self, error: str, description: str, status: int) -> None:
        super().__init__(error)
        self.error, self.description, self.status = error, description, status


@csrf_exempt
@open_to_all_origins
def userinfo(request: HttpRequest) -> HttpResponse:
    """The claims about the person whose access token this is."""
    if request.method not in ("GET", "POST"):
        return HttpResponse(status=405, headers={"Allow": "GET, POST"})
    try:
        token = _bearer_token(request)
        granted = _verified(token)
        person = _person(granted)
    except BearerError as error:
        return _challenge(error)
    scopes = granted["scope"].split()
    return JsonResponse(
        {**claims.for_scopes(person, scopes), "sub": granted["sub"]},
        headers={"Cache-Control": "no-store"},
    )


def _bearer_token(request: HttpRequest) -> str:
    """The token of the Authorization header: never of the query or body (SECURITY B11)."""
    scheme, _, token = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise BearerError("", "", 401)
    return str(token.strip())


def _verified(token: str) -> dict[str, Any]:
    try:
        granted = access_token.verify(token)
    except jwt.InvalidTokenError:
        raise BearerError("invalid_token", "The access token is not valid.", 401) from None
    if "openid" not in granted.get("scope", "").split():
        raise BearerError("insufficient_scope", "The openid scope is needed.", 403)
    return granted


def _person(granted: dict[str, Any]) -> Any:
    """The person, if their grant still stands (one SQL statement)."""
    grant = (
        Grant.objects.select_related("user", "application").filter(pk=granted.get("gid")).first()
    )
    if grant is None or not families.is_alive(grant):
        raise BearerError("invalid_token", "The access token is not valid.", 401)
    return grant.user


def _challenge(error: BearerError) -> HttpResponse:
    """RFC 6750 §3: without a token in the request, no error is named."""
    detail = ""
    if error.error:
        detail = f', error="{error.error}", error_description="{error.description}"'
    if error.status == 403:
        detail += ', scope="openid"'
    body = {"error": error.error, "error_description": error.description} if error.error else {}
    response = JsonResponse(body, status=error.status, headers={"Cache-Control": "no-store"})
    response["WWW-Authenticate"] = f'Bearer realm="userinfo"{detail}'
    return response
