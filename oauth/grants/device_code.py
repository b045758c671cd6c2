"""The device's side of the device authorization grant: polling (RFC 8628 §3.4, §3.5)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone
from oauthlib.oauth2.rfc6749.errors import (
    AccessDeniedError,
    InvalidGrantError,
    InvalidRequestError,
    OAuth2Error,
)
from oauthlib.oauth2.rfc8628.errors import (
    AuthorizationPendingError,
    ExpiredTokenError,
    SlowDownError,
)

from .. import device_authorization, families
from ..confirmation import Confirmation
from ..models import Client, DeviceGrant, Grant
from ..models.grant import token_hash
from .base import TokenGrant, TokenRequest, narrowed_resource
from .tokens import redeemed

SLOWER = 5
"""Seconds by which the interval grows each time a device polls too soon (§3.5)."""


class DeviceCodeGrant(TokenGrant):
    """Answer a poll: not yet, no, or, once, the tokens."""

    grant_type = device_authorization.GRANT_TYPE

    def respond(self, request: TokenRequest) -> dict[str, Any]:
        """Tokens for a device code that a person has allowed."""
        waiting = find(request)
        grant = decided(waiting, timezone.now())
        resource = narrowed_resource(request.resource, grant.resource, request.client)
        return redeemed(request, grant, resource, redeem)


def find(request: TokenRequest) -> DeviceGrant:
    """The authorization of the presented device code, if it was issued to this client.

    Raises ``InvalidRequestError``, or ``InvalidGrantError`` alike for an unknown code and another
    client's.
    """
    code = request.params.get("device_code")
    if not code:
        raise InvalidRequestError(description="Missing device_code parameter.")
    waiting: DeviceGrant | None = (
        DeviceGrant.objects.select_related("grant", "grant__user")
        .filter(device_code_hash=token_hash(code), application=request.client)
        .first()
    )
    if waiting is None:
        raise InvalidGrantError(description="The device code is not valid.")
    if waiting.grant is not None:
        waiting.grant.application = request.client
    return waiting


def decided(waiting: DeviceGrant, now: datetime) -> Grant:
    """What the person gave. Raises the error that says why there is nothing (yet)."""
    if now >= waiting.expires:
        raise ExpiredTokenError(description="The device code has expired.")
    if waiting.status == DeviceGrant.DENIED:
        raise AccessDeniedError(description="The user denied access.")
    grant: Grant | None = waiting.grant
    if grant is None:
        raise _not_yet(waiting, now)
    if grant.redeemed_at is not None or grant.revoked_at is not None:
        raise InvalidGrantError(description="The device code is not valid.")
    return grant


def _not_yet(waiting: DeviceGrant, now: datetime) -> OAuth2Error:
    """Remember this poll; returns the error to raise."""
    last = waiting.last_polled_at
    too_soon = last is not None and now - last < timedelta(seconds=waiting.interval)
    DeviceGrant.objects.filter(pk=waiting.pk).update(
        last_polled_at=now, interval=waiting.interval + (SLOWER if too_soon else 0)
    )
    error = SlowDownError if too_soon else AuthorizationPendingError
    found: OAuth2Error = error()
    return found


def redeem(grant: Grant, client: Client, confirmation: Confirmation) -> str | None:
    """Start the family, once; returns the first refresh token, if there is to be one.

    Unlike a code, a device code travels through no browser, and a device whose answer was lost
    polls again: that is refused, but ends nothing.
    """
    won, refresh_token = families.redeem(grant, client, confirmation)
    if not won:
        raise InvalidGrantError(description="The device code is not valid.")
    return refresh_token
