"""The oauthlib server: which grants there are at the token endpoint.

Named in ``OAUTH2_PROVIDER["OAUTH2_SERVER_CLASS"]``, so that nothing in the toolkit issues a token
by rules of its own.
"""

from __future__ import annotations

from typing import Any

from oauthlib.common import Request
from oauthlib.oauth2.rfc6749.endpoints.token import TokenEndpoint
from oauthlib.oauth2.rfc6749.errors import (
    InvalidRequestError,
    OAuth2Error,
    UnsupportedGrantTypeError,
)
from oauthlib.oauth2.rfc6749.grant_types.base import GrantTypeBase

from .grants.authorization_code import AuthorizationCodeGrant
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


class _NoSuchGrant(GrantTypeBase):  # type: ignore[misc]  # oauthlib is untyped
    def create_token_response(
        self, request: Request, token_handler: object
    ) -> tuple[dict[str, str], str, int]:
        error: OAuth2Error = InvalidRequestError(description="Missing grant_type parameter.")
        if request.grant_type:
            error = UnsupportedGrantTypeError(
                description=INSTEAD.get(request.grant_type, "Unsupported grant type.")
            )
        return self._get_default_headers(), error.json, error.status_code


class Server(TokenEndpoint):  # type: ignore[misc]  # oauthlib is untyped
    """The grants of this server behind oauthlib's token endpoint."""

    def __init__(self, request_validator: object = None, **_: Any) -> None:
        super().__init__(
            default_grant_type="",
            default_token_type=None,
            grant_types={
                "": _NoSuchGrant(request_validator),
                **{grant.grant_type: grant(request_validator) for grant in GRANTS},
            },
        )
