"""The successful answer of a grant that a person gave (RFC 6749 §5.1, OIDC Core §3.1.3.3)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .. import access_token, apis, claims, families, id_token, scopes
from ..confirmation import Confirmation, token_type
from ..models import Client, Grant
from .base import TokenRequest


def redeemed(
    request: TokenRequest,
    grant: Grant,
    resource: list[str],
    redeem: Callable[[Grant, Client, Confirmation], str | None],
    *,
    nonce: str = "",
) -> dict[str, Any]:
    """The first tokens of ``grant``, for ``resource``: all that can be refused is, and only then
    ``redeem`` uses up what was presented. Raises ``OAuth2Error``."""
    granted = scopes.given(None, apis.usable(grant.scope.split(), resource), request.client)
    families.check_person(grant)
    if "openid" in grant.scope.split():
        id_token.check(request.client)
    refresh_token = redeem(grant, request.client, request.confirmation)
    return token_response(
        request.client,
        grant,
        granted,
        resource=resource,
        confirmation=request.confirmation,
        refresh_token=refresh_token,
        nonce=nonce,
    )


def token_response(
    client: Client,
    grant: Grant,
    granted: list[str],
    *,
    resource: list[str],
    confirmation: Confirmation,
    refresh_token: str | None,
    nonce: str = "",
) -> dict[str, Any]:
    """The JSON object of a token response for ``resource``; ``id_token`` in it where ``openid`` was
    granted."""
    issued = access_token.for_grant(
        client, grant, claims.subject_for(grant.user, client), granted, resource, confirmation
    )
    answer: dict[str, Any] = {
        "access_token": issued.token,
        "token_type": token_type(confirmation),
        "expires_in": issued.lifetime,
        "scope": " ".join(granted),
    }
    if refresh_token:
        answer["refresh_token"] = refresh_token
    if "openid" in granted:
        answer["id_token"] = id_token.issue(
            client, grant, grant.user, granted, access_token=issued.token, nonce=nonce
        )
    return answer
