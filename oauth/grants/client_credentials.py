"""The client credentials grant (RFC 6749 §4.4): a service acting for itself."""

from __future__ import annotations

from typing import Any

from oauthlib.oauth2.rfc6749.errors import InvalidScopeError, UnauthorizedClientError

from .. import access_token, apis, scopes
from ..confirmation import token_type
from ..models import Client
from .base import TokenGrant, TokenRequest, allowed_resource


class ClientCredentialsGrant(TokenGrant):
    """A short-lived access token whose subject is the client. Nothing is written."""

    grant_type = "client_credentials"

    def respond(self, request: TokenRequest) -> dict[str, Any]:
        """An access token, without refresh token (RFC 6749 §4.4.3)."""
        client = request.client
        if client.is_public:
            raise UnauthorizedClientError(description="A public client has no credentials.")
        resource = allowed_resource(request.resource or client.audiences[:1], client)
        granted = scopes_for(request.params.get("scope"), client, resource)
        issued = access_token.for_client(client, granted, resource, request.confirmation)
        return {
            "access_token": issued.token,
            "token_type": token_type(request.confirmation),
            "expires_in": issued.lifetime,
            "scope": " ".join(granted),
        }


def scopes_for(requested: str | None, client: Client, resource: list[str]) -> list[str]:
    """The scopes to issue: those asked for, or else all the client may have at ``resource``
    (RFC 6749 §3.3).

    The OpenID scopes are about a person, and there is none here. Raises ``InvalidScopeError``.
    """
    own = [scope for scope in client.scopes if scope not in scopes.STANDARD]
    possible = apis.usable(own, resource)
    asked = scopes.parse(requested) or possible
    if not asked or scopes.unknown(asked, possible, resource):
        raise InvalidScopeError(description="The scope is unknown or not for this client.")
    return asked
