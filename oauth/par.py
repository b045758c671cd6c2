"""Pushed authorization requests, PAR (RFC 9126).

A client sends its request to us, server to server, and the browser carries only a reference. The
reference is good for one answer. The browser that comes with it first is the only one that may go
on with it, through sign-in, sign-up and consent.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import Q
from django.http import QueryDict
from django.utils import timezone
from oauthlib.oauth2.rfc6749.errors import InvalidRequestError
from oauthlib.openid.connect.core.exceptions import InvalidRequestURI

from . import request_object, security_profile
from .authorization_request import destination, parse
from .conf import oauth_settings
from .dpop import InvalidDpopProofError
from .models import Client, PushedRequest
from .models.grant import new_token, token_hash
from .parameters import length_of, only

PREFIX = "urn:ietf:params:oauth:request_uri:"
LIFETIME = 60
"""Seconds within which a browser must come with the reference."""
BOUND_LIFETIME = 1800
"""Seconds that the person then has to sign in, or up, and to decide."""
MAX_LENGTH = 30_000
"""Longest request that is kept, in characters of its names and values."""
CREDENTIALS = ("client_secret", "client_assertion", "client_assertion_type")
"""Of the push itself and not of the request: never kept."""


class AlreadyAnsweredError(InvalidRequestURI):  # type: ignore[misc]  # oauthlib is untyped
    """Another request was first to answer what was pushed: this one gets no answer."""

    description = "This request has been answered already."


def is_reference(request_uri: str) -> bool:
    """Whether ``request_uri`` looks like one of ours."""
    return request_uri.startswith(PREFIX)


def is_required(client: Client) -> bool:
    """Whether ``client`` may send people only with a request that it pushed (§5, §6)."""
    return (
        oauth_settings.REQUIRE_PAR
        or bool(client.registered("require_pushed_authorization_requests"))
        or security_profile.is_fapi2(client)
    )


def push(client: Client, sent: QueryDict, proven_jkt: str) -> dict[str, Any]:
    """Check a request as the authorization endpoint would, and keep it; returns the answer (§2.2).

    ``proven_jkt`` is the thumbprint of the DPoP key that was shown, or ``""``. Raises
    ``OAuth2Error``. One statement, beside those of the check.
    """
    params = sent.copy()
    for name in CREDENTIALS:
        params.pop(name, None)
    params["client_id"] = client.client_id
    if only(params, "request_uri"):
        raise InvalidRequestError(description="request_uri isn't allowed in a pushed request.")
    if signed := only(params, "request"):
        params = request_object.parameters(client, signed, params)
    elif client.registered("require_signed_request_object"):
        raise InvalidRequestError(description="This client must sign its requests.")
    _bind_to_key(params, proven_jkt)
    if length_of(params) > MAX_LENGTH:
        raise InvalidRequestError(
            description=f"The request is too long: at most {MAX_LENGTH} characters."
        )
    parse(params, destination(params, client))
    reference, now = new_token(), timezone.now()
    PushedRequest.objects.create(
        uri_hash=token_hash(reference),
        client=client,
        parameters=params.urlencode(),
        created_at=now,
        expires_at=now + timedelta(seconds=LIFETIME),
    )
    return {"request_uri": PREFIX + reference, "expires_in": LIFETIME}


def _bind_to_key(params: QueryDict, proven_jkt: str) -> None:
    """The key that was shown here must redeem the code (RFC 9449 §10.1)."""
    if not proven_jkt:
        return
    if only(params, "dpop_jkt") not in ("", proven_jkt):
        raise InvalidDpopProofError(description="dpop_jkt names another key than the DPoP proof.")
    params["dpop_jkt"] = proven_jkt


def find(request_uri: str, client: Client) -> PushedRequest:
    """What ``client`` pushed under this reference, if it still waits (one statement).

    Raises ``InvalidRequestURI`` alike for one that is unknown, expired, used or another client's.
    """
    found: PushedRequest | None = PushedRequest.objects.filter(
        uri_hash=token_hash(request_uri.removeprefix(PREFIX)),
        client=client,
        expires_at__gt=timezone.now(),
    ).first()
    if found is None:
        raise InvalidRequestURI(description="The request_uri is unknown, used, or has expired.")
    return found


def parameters(pushed: PushedRequest) -> QueryDict:
    """The parameters of the request."""
    return QueryDict(pushed.parameters)


def bind(pushed: PushedRequest, browser: str) -> None:
    """Let ``browser``, a secret of it, go on with the request if no other one came before.

    One statement decides, at the first visit. Raises ``InvalidRequestURI``.
    """
    mine = token_hash(browser)
    if pushed.browser_hash == mine:
        return
    won = PushedRequest.objects.filter(
        Q(browser_hash="") | Q(browser_hash=mine), pk=pushed.pk, expires_at__gt=timezone.now()
    ).update(
        browser_hash=mine,
        expires_at=pushed.created_at + timedelta(seconds=LIFETIME + BOUND_LIFETIME),
    )
    if not won:
        raise InvalidRequestURI(description="The request_uri was used in another browser.")


def consume(pushed: PushedRequest) -> None:
    """Use the request up, for the one answer that it gets: one statement decides.

    Raises ``AlreadyAnsweredError``.
    """
    deleted, _ = PushedRequest.objects.filter(pk=pushed.pk, expires_at__gt=timezone.now()).delete()
    if not deleted:
        raise AlreadyAnsweredError
