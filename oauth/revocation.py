"""Token revocation (RFC 7009)."""

from __future__ import annotations

import jwt
from django.db.models import Q
from oauthlib.oauth2.rfc6749.errors import UnsupportedTokenTypeError

from . import access_token, blocklist, families, opaque_token
from .models import Client, Grant
from .resource_server.revocation.blocklist import jti_hash


def revoke(token: str, client: Client) -> None:
    """End the family of ``token``, if it is this client's; a token of another is left alone.

    An access token ends its family too: that takes away the refresh token and what this server
    answers for the access token. What it may do at other APIs until it expires is a matter of the
    client's revocation policy. Raises ``UnsupportedTokenTypeError`` where that policy leaves
    nothing to end: for a signed token without a row that stands on no grant of the client (§2.2.1).
    """
    if families.is_well_formed(token):
        selector = families.selector_of(token)
        mine = Q(refresh_token__selector_hash=selector, application=client)
        families.revoke(mine, "revoked")
    else:
        _revoke_access_token(token, client)


def _revoke_access_token(token: str, client: Client) -> None:
    try:
        claims = access_token.read(token)
    except jwt.InvalidTokenError:
        return
    if claims["client_id"] != client.client_id:
        return
    family = Q(pk=claims.get("gid"), application=client)
    if opaque_token.is_well_formed(token):
        opaque_token.revoke(token)
    elif "status" in claims:
        blocklist.revoke(Q(jti_hash=jti_hash(claims["jti"])))
    elif not Grant.objects.filter(family).exists():
        raise UnsupportedTokenTypeError(
            description="This access token is stored nowhere: it ends when it expires."
        )
    families.revoke(family, "revoked")
