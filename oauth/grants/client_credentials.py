"""The client credentials grant (RFC 6749 §4.4): a service acting for itself."""

from __future__ import annotations

from typing import Any

from oauthlib.oauth2.rfc6749.errors import UnauthorizedClientError

from .. import access_token, scopes
from ..confirmation import token_type
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
        granted = scopes.given(
            request.params.get("scope"), scopes.of_itself(client.scopes, resource), client
        )
        issued = access_token.for_client(client, granted, resource, request.confirmation)
        return {
            "access_token": issued.token,
            "token_type": token_type(request.confirmation),
            "expires_in": issued.lifetime,
            "scope": " ".join(granted),
        }
