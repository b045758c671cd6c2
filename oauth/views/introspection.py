"""The introspection endpoint (RFC 7662 §2)."""

from __future__ import annotations

import json

from django.http import HttpRequest, HttpResponse
from oauthlib.oauth2.rfc6749.errors import (
    InvalidClientError,
    InvalidRequestError,
    OAuth2Error,
)

from .. import introspection, introspection_response
from ..parameters import pairs, single
from .token import authenticated, form, json_answer, jwt_answer, refused


def introspect(request: HttpRequest) -> HttpResponse:
    """Tell a confidential client whether a token is active, and what it says.

    A public client can't prove who asks, and so is refused (§2.1, §4).
    """
    try:
        params = single(pairs(form(request)))
        client = authenticated(request, params, at="introspect")
        if client.is_public:
            raise InvalidClientError(description="A public client can't prove that it may ask.")
        if not params.get("token"):
            raise InvalidRequestError(description="Missing token parameter.")
        answer = introspection.introspect(params["token"], client)
        if not introspection_response.is_wanted(client, request):
            return json_answer(json.dumps(answer), 200, {})
        token = introspection_response.response(client, answer)
    except OAuth2Error as error:
        return refused(request, error)
    return jwt_answer(token, introspection_response.CONTENT_TYPE)
