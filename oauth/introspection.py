"""Token introspection (RFC 7662)."""

from __future__ import annotations

import hmac
from typing import Any

import jwt
from django.utils import timezone

from . import access_token, families
from .claims_hook import PROTOCOL
from .issuer import issuer
from .models import Client, Grant, RefreshToken
from .models.grant import token_hash

TOLD = (
    *("iss", "sub", "aud", "exp", "iat", "jti", "client_id", "scope", "cnf"),
    *("auth_time", "acr", "amr", "act", "may_act", "workload"),
)
"""The claims of an access token that are passed on (RFC 7662 §2.2, RFC 9470 §6.2, RFC 8693 §4)."""


def introspect(token: str, client: Client) -> dict[str, Any]:
    """What ``token`` is worth now, told to ``client``: its own tokens, and those for an API that
    it serves.

    Whatever else it is, the answer is the same (§2.2, SECURITY B10). ``username`` is told of a
    person whom the token lets its holder know. One SQL statement, none for what isn't a token of
    ours.
    """
    if families.is_well_formed(token):
        found = _refresh_token(token, client)
    else:
        found = _access_token(token, client)
    return {"active": False} if found is None else {"active": True, **found}


def _access_token(token: str, client: Client) -> dict[str, Any] | None:
    try:
        claims = access_token.read(token)
    except jwt.InvalidTokenError:
        return None
    aud = claims["aud"]
    audience = {aud} if isinstance(aud, str) else set(aud)
    own = claims["client_id"] == client.client_id
    if not (own or audience & set(client.serves)):
        return None
    grant = families.find_standing(claims) if "gid" in claims else None
    if grant is None and ("gid" in claims or not families.stands(claims)):
        return None
    told = {name: value for name, value in claims.items() if name in TOLD or name not in PROTOCOL}
    bound = "jkt" in claims.get("cnf", {})
    return {
        **told,
        **_username(grant, claims["scope"]),
        "token_type": "DPoP" if bound else "Bearer",
    }


def _username(grant: Grant | None, scope: str) -> dict[str, str]:
    """By what the person signs in (§2.2), where the scopes let the client know as much: an address
    by ``email``, another name by ``profile``."""
    if grant is None:
        return {}
    user: Any = grant.user
    username = user.get_username()
    needed = "email" if user.get_email_field_name() == user.USERNAME_FIELD else "profile"
    return {"username": username} if username and needed in scope.split() else {}


def _refresh_token(token: str, client: Client) -> dict[str, Any] | None:
    """A refresh token is told to its own client alone: an API has no business with it (§4)."""
    row: RefreshToken | None = (
        RefreshToken.objects.select_related("grant__user", "grant__application")
        .filter(selector_hash=families.selector_of(token), application=client)
        .first()
    )
    if row is None or not hmac.compare_digest(token_hash(token), row.token_checksum):
        return None
    ends = min(row.expires_at, row.idle_expires_at)
    if timezone.now() >= ends or not families.is_alive(row.grant):
        return None
    return {
        "iss": issuer(),
        "client_id": client.client_id,
        "scope": row.grant.scope,
        **_username(row.grant, row.grant.scope),
        "exp": int(ends.timestamp()),
        **({"cnf": row.confirmation} if row.confirmation else {}),
    }
