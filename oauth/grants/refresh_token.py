"""The refresh token grant (RFC 6749 §6), with rotation and reuse detection (RFC 9700 §4.14)."""

from __future__ import annotations

import hmac
from typing import Any

from django.db import transaction
from django.utils import timezone
from oauthlib.oauth2.rfc6749.errors import InvalidGrantError, InvalidRequestError

from .. import confirmation, families, id_token
from ..models import RefreshToken
from ..models.grant import token_hash
from .base import TokenGrant, TokenRequest, narrowed, narrowed_resource
from .tokens import token_response


class RefreshTokenGrant(TokenGrant):
    """Exchange a refresh token for its successor and a fresh access token."""

    grant_type = "refresh_token"

    def respond(self, request: TokenRequest) -> dict[str, Any]:
        """Tokens for a refresh token. An old one of the family ends the whole family."""
        token = request.params.get("refresh_token")
        if not token:
            raise InvalidRequestError(description="Missing refresh_token parameter.")
        row = find(token, request)
        scopes, resource = check(row, token, request)
        if "openid" in scopes:
            id_token.check(request.client)
        with transaction.atomic():
            families.check_person(row.grant)
            successor = families.rotate(row, token, request.client)
        if successor is None:
            raise reused(row)
        return token_response(
            request.client,
            row.grant,
            scopes,
            resource=resource,
            confirmation=request.confirmation,
            refresh_token=successor,
        )


def find(token: str, request: TokenRequest) -> RefreshToken:
    """The row of the presented token, if its family is this client's.

    Raises ``InvalidGrantError`` alike for an unknown token and another client's.
    """
    row: RefreshToken | None = None
    if families.is_well_formed(token):
        row = (
            RefreshToken.objects.select_related("grant", "grant__user")
            .filter(selector_hash=families.selector_of(token), application=request.client)
            .first()
        )
    if row is None:
        raise InvalidGrantError(description="The refresh token is not valid.")
    row.grant.application = request.client
    return row


def check(row: RefreshToken, token: str, request: TokenRequest) -> tuple[list[str], list[str]]:
    """Hold the request against its grant, and that against what the client may have by now;
    returns the scopes and the resource to issue.

    Raises ``InvalidGrantError``, ``InvalidScopeError`` or ``InvalidTargetError``.
    """
    if not hmac.compare_digest(token_hash(token), row.token_checksum):
        raise reused(row)
    now = timezone.now()
    if row.grant.revoked_at is not None or now >= min(row.expires_at, row.idle_expires_at):
        raise InvalidGrantError(description="The refresh token is not valid.")
    confirmation.check(row.confirmation, request.confirmation)
    resource = narrowed_resource(request.resource, row.grant.resource, request.client)
    granted = [scope for scope in row.grant.scope.split() if scope in request.client.scopes]
    return narrowed(request.params.get("scope"), granted, resource), resource


def reused(row: RefreshToken) -> InvalidGrantError:
    """End the family of a token that came back after its use; returns the error to raise."""
    families.revoke_reused(row.grant, "refresh_token")
    return InvalidGrantError(description="The refresh token is not valid.")
