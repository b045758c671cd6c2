"""The token and revocation endpoints (RFC 6749 §3.2, RFC 7009)."""

from __future__ import annotations

import json
from collections.abc import Mapping

from django.core.exceptions import BadRequest, SuspiciousOperation
from django.http import HttpRequest, HttpResponse, QueryDict
from oauthlib.oauth2.rfc6749.errors import InvalidRequestError, OAuth2Error

from ostiary.client_address import client_ip
from ostiary.throttling import Throttled, throttle

from .. import client_authentication, mtls, revocation, server
from ..grants.base import BASIC_CHALLENGE, Received
from ..models import Client
from ..parameters import pairs, read_as_utf8, secret_in_query, single

FORM = "application/x-www-form-urlencoded"
NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}


def form(request: HttpRequest) -> QueryDict:
    """The parameters of a form POST.

    What stands in the query is ignored, but for what must never stand there (RFC 6749 §3.2,
    SECURITY B5). Raises ``InvalidRequestError`` for that, for another method or content type, and
    for a body that isn't a form or is too large.
    """
    if request.method != "POST":
        raise InvalidRequestError(description="Use POST.", status_code=405)
    if request.content_type != FORM:
        raise InvalidRequestError(description=f"The body must be {FORM}.")
    if name := secret_in_query(request, "client_id"):
        raise InvalidRequestError(description=f"{name} belongs in the body, not in the query.")
    read_as_utf8(request)
    try:
        return request.POST
    except (BadRequest, SuspiciousOperation):
        raise InvalidRequestError(description="The body is too large.") from None


def json_answer(body: str, status: int, headers: dict[str, str]) -> HttpResponse:
    """An answer in JSON that nobody keeps (RFC 6749 §5.1)."""
    response = HttpResponse(
        body, status=status, headers={"Content-Type": "application/json", **NO_STORE, **headers}
    )
    if status == 405:
        response["Allow"] = "POST"
    return response


def jwt_answer(token: str, content_type: str) -> HttpResponse:
    """An answer that is one JWT, and that nobody keeps."""
    return HttpResponse(token, headers={"Content-Type": content_type, **NO_STORE})


def refused(request: HttpRequest, error: OAuth2Error) -> HttpResponse:
    """The answer to what was refused; a failed client authentication is counted."""
    if error.status_code != 401:
        return json_answer(error.json, error.status_code, {})
    response = json_answer(error.json, error.status_code, BASIC_CHALLENGE)
    return _after_failed_authentication(request, response)


def _after_failed_authentication(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Count a failed client authentication; past the limit, say when to come back (B4).

    Only failures are counted and only failures are refused, so that a flood of wrong secrets
    never shuts out the client that knows the right one.
    """
    named = client_authentication.named_client(request.POST, authorization(request))
    try:
        throttle("token", client=named, ip=client_ip(request))
    except Throttled as throttled:
        response.status_code = 429
        response["Retry-After"] = str(throttled.retry_after)
    return response


def authorization(request: HttpRequest) -> str:
    """The Authorization header, ``""`` if there is none."""
    return str(request.META.get("HTTP_AUTHORIZATION", ""))


def authenticated(request: HttpRequest, params: Mapping[str, str], *, at: str) -> Client:
    """The client that ``request`` proves to be of, at the endpoint of this URL name. Raises
    ``OAuth2Error``."""
    return client_authentication.authenticate(
        params, authorization(request), mtls.shown(request), at=at
    )


def token(request: HttpRequest) -> HttpResponse:
    """Exchange a grant for tokens."""
    try:
        sent = pairs(form(request))
    except OAuth2Error as error:
        return refused(request, error)
    headers, body, status = server.answer(
        Received(sent, authorization(request), request.META.get("HTTP_DPOP"), mtls.shown(request))
    )
    response = json_answer(body, status, headers)
    return _after_failed_authentication(request, response) if status == 401 else response


def revoke(request: HttpRequest) -> HttpResponse:
    """End a token and its family (RFC 7009): 200 whether or not there was one, and an error for one
    that can't be ended (§2.2.1)."""
    try:
        params = single(pairs(form(request)))
        client = authenticated(request, params, at="revoke")
        if not params.get("token"):
            raise InvalidRequestError(description="Missing token parameter.")
        revocation.revoke(params["token"], client)
    except OAuth2Error as error:
        return refused(request, error)
    return json_answer(json.dumps({}), 200, {})
