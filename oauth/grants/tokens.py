"""The successful answer of a grant that a person gave (RFC 6749 §5.1, OIDC Core §3.1.3.3)."""

from __future__ import annotations

from typing import Any

from .. import access_token, claims, id_token
from ..confirmation import Confirmation, token_type
from ..models import Client, Grant


def token_response(
    client: Client,
    grant: Grant,
    scopes: list[str],
    *,
    resource: list[str],
    confirmation: Confirmation,
    refresh_token: str | None,
    nonce: str = "",
) -> dict[str, Any]:
    """The JSON object of a token response for ``resource``; ``id_token`` in it where ``openid`` was
    granted."""
    issued = access_token.for_grant(
        client, grant, claims.subject_for(grant.user, client), scopes, resource, confirmation
    )
    answer: dict[str, Any] = {
        "access_token": issued.token,
        "token_type": token_type(confirmation),
        "expires_in": issued.lifetime,
        "scope": " ".join(scopes),
    }
    if refresh_token:
        answer["refresh_token"] = refresh_token
    if "openid" in scopes:
        answer["id_token"] = id_token.issue(
            client, grant, grant.user, scopes, access_token=issued.token, nonce=nonce
        )
    return answer
