"""The pushed authorization request endpoint (RFC 9126 §2)."""

from __future__ import annotations

import json

from django.http import HttpRequest, HttpResponse
from oauthlib.oauth2.rfc6749.errors import OAuth2Error

from ostiary.client_address import client_ip
from ostiary.throttling import Throttled, throttle

from .. import dpop, security_profile
from .. import par as pushed_requests
from ..client_authentication import while_registered
from ..conf import oauth_settings
from ..issuer import endpoint
from ..models import Client
from ..parameters import pairs, single
from .token import authenticated, form, json_answer, refused


def par(request: HttpRequest) -> HttpResponse:
    """Take a request from a client, and give a reference to it."""
    try:
        sent = form(request)
        client = authenticated(request, single(pairs(sent)), at="par")
        _count(request, client)
        with while_registered(client):
            answer = pushed_requests.push(client, sent, _proven_jkt(request, client))
    except Throttled as throttled:
        body = json.dumps({"error": "temporarily_unavailable"})
        return json_answer(body, 429, {"Retry-After": str(throttled.retry_after)})
    except OAuth2Error as error:
        response = refused(request, error)
        if isinstance(error, dpop.UseDpopNonceError):
            response["DPoP-Nonce"] = dpop.new_nonce()
        return response
    return json_answer(json.dumps(answer), 201, {})


def _count(request: HttpRequest, client: Client) -> None:
    """Anybody can push as a public client: only so many from one address. Raises ``Throttled``."""
    if client.is_public:
        throttle("par", ip=client_ip(request))


def _proven_jkt(request: HttpRequest, client: Client) -> str:
    """The key of the DPoP proof that came along, ``""`` without one (RFC 9449 §10.1)."""
    proof = request.headers.get("DPoP")
    if proof is None:
        return ""
    return dpop.verify(
        proof,
        method="POST",
        url=endpoint("par"),
        needs_nonce=oauth_settings.DPOP_NONCE_REQUIRED,
        algorithms=security_profile.signing_algs(client),
    )
