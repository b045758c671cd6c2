"""Opaque access tokens: random references to what a JWT would say, kept in a row by their hash.

Nobody can read them but this server, at introspection and UserInfo, which judge the client, the
grant and the person at each use.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import jwt
from django.utils import timezone

from .models import AccessToken, Client
from .models.grant import token_hash

PREFIX = "ost_at_"
"""By which scanners find a token that was published by mistake, and by which we know ours."""
_TOKEN = re.compile(PREFIX + r"[A-Za-z0-9_-]{43}")


def is_well_formed(token: str) -> bool:
    """Whether ``token`` could be an opaque access token of ours."""
    return _TOKEN.fullmatch(token) is not None


def issue(claims: Mapping[str, Any], client: Client, resource: list[str]) -> str:
    """Keep the claims of a token; returns its reference (one statement)."""
    token = PREFIX + secrets.token_urlsafe(32)
    AccessToken.objects.create(
        token_checksum=token_hash(token),
        application=client,
        grant_id=claims.get("gid"),
        scope=claims["scope"],
        resource=resource,
        expires=datetime.fromtimestamp(claims["exp"], UTC),
        claims=dict(claims),
    )
    return token


def find(token: str, *, audience: str | None) -> dict[str, Any]:
    """The claims of a token that hasn't expired, for ``audience`` where one is given (one
    statement). Raises ``jwt.InvalidTokenError``."""
    row = AccessToken.objects.filter(
        token_checksum=token_hash(token), expires__gt=timezone.now()
    ).first()
    if row is None:
        raise jwt.InvalidTokenError("unknown or expired")
    claims: dict[str, Any] = row.claims
    aud = claims["aud"]
    if audience is not None and audience not in ([aud] if isinstance(aud, str) else aud):
        raise jwt.InvalidAudienceError("for another audience")
    return claims


def revoke(token: str) -> None:
    """Forget a token (one statement)."""
    AccessToken.objects.filter(token_checksum=token_hash(token)).delete()
