"""The token and revocation endpoints (RFC 6749 §3.2, RFC 7009)."""

from __future__ import annotations

import json

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from oauthlib.oauth2.rfc6749.errors import InvalidRequestError, OAuth2Error

from ostiary.client_address import client_ip
from ostiary.throttling import Throttled, throttle

from .. import client_authentication, revocation
from ..cors import open_to_all_origins
from ..grants.base import BASIC_CHALLENGE, single_parameters
from ..server import Server

_server = Server()
FORM = "application/x-www-form-urlencoded"
NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}


def _pairs(request: HttpRequest) -> list[tuple[str, str]]:
    """The parameters of a form POST, with repetitions kept.

    Raises ``InvalidRequestError`` for another method or content type, for parameters in the query
    (SECURITY B5), and for a body that isn't a form in UTF-8.
    """
    if request.method != "POST":
        raise InvalidRequestError(description="Use POST.", status_code=405)
    if request.content_type != FORM:
        raise InvalidRequestError(description=f"The body must be {FORM}.")
    if request.META.get("QUERY_STRING"):
        raise InvalidRequestError(description="Parameters belong into the body, not the query.")
    return [(name, value) for name, values in request.POST.lists() for value in values]


def _json(body: str, status: int, headers: dict[str, str]) -> HttpResponse:
    response = HttpResponse(
        body, status=status, headers={"Content-Type": "application/json", **NO_STORE, **headers}
    )
    if status == 405:
        response["Allow"] = "POST"
    return response


def _refused(error: OAuth2Error) -> HttpResponse:
    challenge = BASIC_CHALLENGE if error.status_code == 401 else {}
    return _json(error.json, error.status_code, challenge)


def _after_failed_authentication(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Count a failed client authentication; past the limit, say when to come back (B4).

    Only failures are counted and only failures are refused, so that a flood of wrong secrets
    never shuts out the client that knows the right one.
    """
    try:
        throttle("token", client=request.POST.get("client_id", "")[:255], ip=client_ip(request))
    except Throttled as throttled:
        response.status_code = 429
        response["Retry-After"] = str(throttled.retry_after)
    return response


@csrf_exempt
@open_to_all_origins
def token(request: HttpRequest) -> HttpResponse:
    """Exchange a grant for tokens."""
    try:
        pairs = _pairs(request)
    except OAuth2Error as error:
        return _refused(error)
    headers, body, status = _server.create_token_response(
        "", "POST", pairs, {"Authorization": request.META.get("HTTP_AUTHORIZATION", "")}
    )
    response = _json(body, status, headers)
    return _after_failed_authentication(request, response) if status == 401 else response


@csrf_exempt
@open_to_all_origins
def revoke(request: HttpRequest) -> HttpResponse:
    """End a token and its family (RFC 7009): 200 whether or not there was one."""
    try:
        params = single_parameters(_pairs(request))
        client = client_authentication.authenticate(params, request.META.get("HTTP_AUTHORIZATION"))
        if not params.get("token"):
            raise InvalidRequestError(description="Missing token parameter.")
    except OAuth2Error as error:
        response = _refused(error)
        return (
            _after_failed_authentication(request, response)
            if error.status_code == 401
            else response
        )
    revocation.revoke(params["token"], client)
    return _json(json.dumps({}), 200, {})
