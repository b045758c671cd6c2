"""The refresh token grant (RFC 6749 §6), with rotation and reuse detection (RFC 9700 §4.14)."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from typing import Any

from django.db import transaction
from django.db.models import CharField, UUIDField
from django.utils import timezone
from oauthlib.oauth2.rfc6749.errors import (
    InvalidGrantError,
    InvalidRequestError,
    InvalidScopeError,
)

from ostiary import prepared
from ostiary.prepared import Parameter

from .. import apis, confirmation, families, id_token, refresh_grace, scopes
from ..explanation import printable
from ..models import Grant, RefreshToken
from ..models.grant import token_hash
from .base import TokenGrant, TokenRequest, narrowed_resource
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
        if not is_current(row, token):
            return replayed(row, token, request)
        granted, resource = check(row, request)
        if "openid" in granted:
            id_token.check(request.client)
        successor = families.successor_of(token)

        def answer() -> dict[str, Any]:
            return token_response(
                request.client,
                row.grant,
                granted,
                resource=resource,
                confirmation=request.confirmation,
                refresh_token=successor,
            )

        if refresh_grace.seconds_of(request.client):
            return rotated_with_grace(row, token, successor, request, answer)
        families.check_person(row.grant)
        if not families.rotate(row, token, successor, request.client):
            raise reused(row)
        return answer()


_by_selector = prepared.Select(
    RefreshToken,
    lambda: RefreshToken.objects.select_related("grant", "grant__user").filter(
        selector_hash=Parameter("selector_hash", CharField()),
        application=Parameter("client", UUIDField()),
    ),
)


def find(token: str, request: TokenRequest) -> RefreshToken:
    """The row of the presented token, if its family is this client's.

    Raises ``InvalidGrantError`` alike for an unknown token and another client's.
    """
    row: RefreshToken | None = None
    if families.is_well_formed(token):
        row = _by_selector.first(
            selector_hash=families.selector_of(token), client=request.client.pk
        )
    if row is None:
        raise InvalidGrantError(description="The refresh token is not valid.")
    row.grant.application = request.client
    return row


def is_current(row: RefreshToken, token: str) -> bool:
    """Whether ``token`` is the one of its family that hasn't been replaced."""
    return hmac.compare_digest(token_hash(token), row.token_checksum)


def check(row: RefreshToken, request: TokenRequest) -> tuple[list[str], list[str]]:
    """Hold the request against its grant, and that against what the client may have by now;
    returns the scopes and the resource to issue.

    Raises ``InvalidGrantError``, ``InvalidScopeError`` or ``InvalidTargetError``.
    """
    check_alive(row)
    confirmation.check(row.confirmation, request.confirmation)
    resource = narrowed_resource(request.resource, row.grant.resource, request.client)
    return scopes_for(request, row.grant, resource), resource


def scopes_for(request: TokenRequest, grant: Grant, resource: list[str]) -> list[str]:
    """Of the scopes asked for, or of all, those that were granted and that the client may still
    have at ``resource``.

    What the client could have had, and was not granted, it can't get by a refresh (RFC 6749 §6).
    What it could not have is left out here as it was when the person was asked: clients send the
    same list again. Raises ``InvalidScopeError``.
    """
    client, granted = request.client, grant.scope.split()
    could_have = scopes.of_person(client, grant.resource)
    asked = scopes.parse(request.params.get("scope"))
    if wider := [scope for scope in asked if scope in could_have and scope not in granted]:
        raise InvalidScopeError(
            description=f"Not granted, ask the person for it: {printable(' '.join(wider))}"
        )
    possible = [scope for scope in apis.usable(granted, resource) if scope in client.scopes]
    return scopes.given(" ".join(asked), possible, client)


def check_alive(row: RefreshToken) -> None:
    """Raise ``InvalidGrantError`` if the family has ended, by whatever but the person."""
    ends = min(row.expires_at, row.idle_expires_at)
    if row.grant.revoked_at is not None or timezone.now() >= ends:
        raise InvalidGrantError(description="The refresh token is not valid.")


class _Late(Exception):
    """Another request has replaced the token meanwhile."""


def rotated_with_grace(
    row: RefreshToken,
    token: str,
    successor: str,
    request: TokenRequest,
    answer: Callable[[], dict[str, Any]],
) -> dict[str, Any]:
    """Rotate, and keep the answer for who asks again. Of parallel requests the one that is first
    answers all; what the others have made is rolled back."""
    try:
        with transaction.atomic():
            families.check_person(row.grant)
            given = answer()
            what = refresh_grace.Kept(given, asked_by(request), request.confirmation)
            columns = refresh_grace.kept(row, token, what)
            if not families.rotate(row, token, successor, request.client, **columns):
                raise _Late
    except _Late:
        return replayed(find(token, request), token, request)
    return given


def asked_by(request: TokenRequest) -> list[str]:
    """What tells one refresh from another that gets the same answer."""
    return [request.params.get("scope", ""), *sorted(request.resource)]


def replayed(row: RefreshToken, token: str, request: TokenRequest) -> dict[str, Any]:
    """The answer that was given for a replaced token, where the grace allows it.

    Raises ``InvalidGrantError``, and ends the family where it does not. A request for something
    else than the first asked for is refused, and ends nothing.
    """
    found = refresh_grace.find(row, token, request.confirmation)
    if found is None:
        raise reused(row)
    check_alive(row)
    families.check_person(row.grant)
    if found.asked != asked_by(request):
        raise InvalidGrantError(description="The refresh token was used for another request.")
    return found.answer


def reused(row: RefreshToken) -> InvalidGrantError:
    """End the family of a token that came back after its use; returns the error to raise."""
    families.revoke_reused(row.grant, "refresh_token")
    return InvalidGrantError(description="The refresh token is not valid.")
