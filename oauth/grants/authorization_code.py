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
    redirect_uri = request.params.get("redirect_uri", "")
    if not hmac.compare_digest(redirect_uri.encode(), grant.redirect_uri.encode()):
        raise InvalidGrantError(description="redirect_uri differs from the authorization request.")
    if grant.jkt:
        confirmation.check({"jkt": grant.jkt}, request.confirmation)
    pkce.check_verifier(request.params.get("code_verifier"), grant.code_challenge)
    return narrowed_resource(request.resource, grant.resource, request.client)


def redeem(grant: Grant, client: Client, shown: Confirmation) -> str | None:
    """Consume the code and start its family; returns the first refresh token, if there is to be
    one. Of parallel redemptions one statement lets exactly one through; the others end the family.
    """
    won, refresh_token = families.redeem(grant, client, shown)
    if not won:
        families.revoke_reused(grant, "authorization_code")
        raise InvalidGrantError(description="The code is not valid.")
    return refresh_token
