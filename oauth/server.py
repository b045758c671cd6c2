"""The oauthlib server: which grants there are at the token endpoint.

Named in ``OAUTH2_PROVIDER["OAUTH2_SERVER_CLASS"]``, so that nothing in the toolkit issues a token
by rules of its own.
"""

from __future__ import annotations

from typing import Any

from oauthlib.oauth2.rfc6749.endpoints.token import TokenEndpoint
from oauthlib.oauth2.rfc6749.errors import (
    InvalidRequestError,
    OAuth2Error,
    UnsupportedGrantTypeError,
)

from .explanation import printable
from .grants.authorization_code import AuthorizationCodeGrant
from .grants.base import Answer, Received, TokenGrant
from .grants.client_credentials import ClientCredentialsGrant
from .grants.device_code import DeviceCodeGrant
from .grants.jwt_bearer import JwtBearerGrant
from .grants.refresh_token import RefreshTokenGrant
from .grants.token_exchange import TokenExchangeGrant

GRANTS = (
    AuthorizationCodeGrant,
    RefreshTokenGrant,
    ClientCredentialsGrant,
    DeviceCodeGrant,
    TokenExchangeGrant,
    JwtBearerGrant,
)

# OAuth 2.1 has left these out; whoever still asks is told what to use.
INSTEAD = {
    "password": "Use the authorization code grant with PKCE: the password belongs to the person.",
}


class NoSuchGrant(TokenGrant):
    """What answers where no grant does."""

    grant_type = ""

    def answer(self, received: Received) -> Answer:
        """An error that says what is missing."""
        error: OAuth2Error = InvalidRequestError(description="Missing grant_type parameter.")
        if asked := received.grant_type:
            error = UnsupportedGrantTypeError(
                description=INSTEAD.get(asked, f"Unsupported grant type: {printable(asked)}")
            )
        return {}, error.json, error.status_code


def grants(request_validator: object = None) -> dict[str, TokenGrant]:
    """Each grant by its ``grant_type``; by ``""`` what answers for all others."""
    return {grant.grant_type: grant(request_validator) for grant in (NoSuchGrant, *GRANTS)}


_grants = grants()


def answer(received: Received) -> Answer:
    """The answer of the token endpoint: by our grants, without oauthlib's endpoint before them,
    which would take the request apart anew."""
    return _grants.get(received.grant_type, _grants[""]).answer(received)


class Server(TokenEndpoint):  # type: ignore[misc]  # oauthlib is untyped
    """The grants of this server behind oauthlib's token endpoint, for the toolkit."""

    def __init__(self, request_validator: object = None, **_: Any) -> None:
        super().__init__(
            default_grant_type="",
            default_token_type=None,
            grant_types=grants(request_validator),
        )
