"""The JWT bearer grant (RFC 7523 §2.1): a token of ours for what a workload's platform signed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from oauthlib.oauth2.rfc6749.errors import InvalidGrantError, InvalidRequestError

from .. import mtls
from ..models import Client
from ..models.trust_rule import JWT_BEARER
from ..workload import Use, Workload
from .base import TokenGrant, TokenRequest
from .workload import audience_for, identified, issued, scopes_for


class JwtBearerGrant(TokenGrant):
    """A short-lived access token for an outside token that a trust rule takes."""

    grant_type = JWT_BEARER

    def identify(
        self,
        params: Mapping[str, str],
        authorization: str | None,
        certificate: mtls.Shown | None,
    ) -> tuple[Client, Workload | None]:
        """The client that the rule names."""
        assertion = params.get("assertion")
        if not assertion:
            raise InvalidRequestError(description="Missing assertion parameter.")
        return identified(
            params, authorization, certificate, assertion, Use.JWT_BEARER, InvalidGrantError
        )

    def respond(self, request: TokenRequest) -> dict[str, Any]:
        """An access token of the client, without refresh token (RFC 7521 §4.1)."""
        if request.workload is None:
            raise InvalidGrantError(description="The assertion is not valid.")
        audience = audience_for(request.resource, request.workload)
        granted = scopes_for(request.params.get("scope"), request.workload, audience)
        return issued(
            request, request.workload, granted, audience, Use.JWT_BEARER, InvalidGrantError
        )
