"""The authorization code grant (RFC 6749 §4.1.3, OAuth 2.1 §4.1, OIDC Core §3.1.3)."""

from __future__ import annotations

import hmac
from typing import Any

from django.db.models import CharField, UUIDField
from oauthlib.oauth2.rfc6749.errors import InvalidGrantError, InvalidRequestError

from ostiary import prepared
from ostiary.prepared import Parameter

from .. import confirmation, families, pkce
from ..confirmation import Confirmation
from ..explanation import printable
from ..models import Client, Grant
from ..models.grant import token_hash
from .base import TokenGrant, TokenRequest, narrowed_resource
from .tokens import redeemed


class AuthorizationCodeGrant(TokenGrant):
    """Redeem a code, once."""

    grant_type = "authorization_code"

    def respond(self, request: TokenRequest) -> dict[str, Any]:
        """Tokens for a code. A second redemption is refused and ends what the first gave."""
        grant = find(request)
        return redeemed(request, grant, check(grant, request), redeem, nonce=grant.nonce)


_by_code = prepared.Select(
    Grant,
    lambda: Grant.objects.select_related("user").filter(
        code_hash=Parameter("code_hash", CharField()), application=Parameter("client", UUIDField())
    ),
)


def find(request: TokenRequest) -> Grant:
    """The grant of the presented code, if it was issued to this client.

    Raises ``InvalidRequestError``, or ``InvalidGrantError`` alike for an unknown code and another
    client's.
    """
    code = request.params.get("code")
    if not code:
        raise InvalidRequestError(description="Missing code parameter.")
    grant = _by_code.first(code_hash=token_hash(code), client=request.client.pk)
    if grant is None:
        raise InvalidGrantError(description="The code is not valid.")
    grant.application = request.client
    return grant


def check(grant: Grant, request: TokenRequest) -> list[str]:
    """Hold the request against what the code was issued for (RFC 6749 §4.1.3, RFC 7636 §4.6);
    returns the resource to issue for.

    Raises ``InvalidGrantError`` or ``InvalidTargetError``. A code that was redeemed before ends
    its family here.
    """
    if grant.redeemed_at is not None:
        families.revoke_reused(grant, "authorization_code")
        raise InvalidGrantError(description="The code is not valid.")
    if grant.revoked_at is not None or grant.is_expired():
        raise InvalidGrantError(description="The code is not valid.")
    check_redirect_uri(request.params.get("redirect_uri"), grant)
    if grant.jkt:
        confirmation.check({"jkt": grant.jkt}, request.confirmation)
    verifier = request.params.get("code_verifier")
    pkce.check_redemption(verifier, grant.code_challenge, request.client)
    return narrowed_resource(request.resource, grant.resource, request.client)


def check_redirect_uri(given: str | None, grant: Grant) -> None:
    """One that is sent is that of the authorization request (RFC 6749 §4.1.3). None is needed where
    PKCE binds the code (OAuth 2.1 §4.1.3, §10.2). Raises ``InvalidGrantError``."""
    if given is None:
        if not grant.code_challenge:
            raise InvalidGrantError(description="Missing redirect_uri: there is no PKCE either.")
    elif not hmac.compare_digest(given.encode(), grant.redirect_uri.encode()):
        raise InvalidGrantError(
            description="redirect_uri differs from the authorization request, which had "
            f"{printable(grant.redirect_uri)}"
        )


def redeem(grant: Grant, client: Client, shown: Confirmation) -> str | None:
    """Consume the code and start its family; returns the first refresh token, if there is to be
    one. Of parallel redemptions one statement lets exactly one through; the others end the family.
    """
    won, refresh_token = families.redeem(grant, client, shown)
    if not won:
        families.revoke_reused(grant, "authorization_code")
        raise InvalidGrantError(description="The code is not valid.")
    return refresh_token
