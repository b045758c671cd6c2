"""Token revocation (RFC 7009)."""

from __future__ import annotations

import uuid

import jwt
from django.db.models import Q

from . import access_token, families, keys
from .issuer import issuer
from .models import Client


def revoke(token: str, client: Client) -> None:
    """End the family of ``token``, if it is this client's; a token of another is left alone.

    An access token ends its family too: that takes away the refresh token and what this server
    answers for the access token. What it may do at other APIs until it expires is a matter of the
    client's revocation policy.
    """
    if families.is_well_formed(token):
        selected = Q(refresh_token__selector_hash=families.selector_of(token))
    else:
        grant_id = _grant_of(token)
        if grant_id is None:
            return
        selected = Q(pk=grant_id)
    families.revoke(selected & Q(application=client), "revoked")


def _grant_of(token: str) -> uuid.UUID | None:
    try:
        claims = keys.verify(token, typ=access_token.TYP, issuer=issuer(), audience=None)
        return uuid.UUID(claims["gid"])
    except (jwt.InvalidTokenError, KeyError, ValueError):
        return None
