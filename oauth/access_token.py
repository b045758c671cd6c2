"""Access tokens: JWTs of the profile of RFC 9068, or opaque, as the revocation policy says."""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import jwt

from . import apis, blocklist, claims_hook, jws, opaque_token
from .confirmation import NOT_BOUND, Confirmation
from .issuer import issuer
from .models import Client, Grant

TYP = "at+jwt"
CARRIED = ("auth_time", "acr", "amr", "gid", "act", "may_act", "workload")
"""The claims of a subject token that the token made from it has too."""


@dataclass(frozen=True, repr=False)
class Issued:
    """A new access token, and for how many seconds it is good."""

    token: str
    lifetime: int


def _issue(
    client: Client,
    subject: str,
    scopes: Sequence[str],
    resource: Sequence[str],
    confirmation: Confirmation,
    more: Mapping[str, Any],
    *,
    at_most: int | None = None,
) -> Issued:
    terms = apis.terms(client, resource)
    lifetime = terms.lifetime if at_most is None else min(terms.lifetime, at_most)
    now = int(time.time())
    claims = {
        **more,
        "iss": issuer(),
        "sub": subject,
        "aud": audience_of(resource, scopes),
        "exp": now + lifetime,
        "iat": now,
        "jti": secrets.token_urlsafe(16),
        "client_id": client.client_id,
        "scope": " ".join(scopes),
        **({"cnf": dict(confirmation)} if confirmation else {}),
    }
    if terms.policy == Client.RevocationPolicy.OPAQUE:
        return Issued(opaque_token.issue(claims, client, list(resource)), lifetime)
    if terms.policy == Client.RevocationPolicy.BLOCKLIST:
        claims["status"] = blocklist.register(claims, client)
    return Issued(jws.sign(claims, alg=terms.alg, typ=TYP), lifetime)


def audience_of(resource: Sequence[str], scopes: Sequence[str]) -> str | list[str]:
    """The ``aud`` of a token for ``resource`` (RFC 9068 §2.2, RFC 8707).

    Without a resource it is this server itself. A token for an API that also carries ``openid``
    names both, since its holder may ask our UserInfo endpoint too.
    """
    if not resource:
        return issuer()
    if "openid" in scopes:
        return [*resource, issuer()]
    return list(resource) if len(resource) > 1 else resource[0]


def for_grant(
    client: Client,
    grant: Grant,
    subject: str,
    scopes: Sequence[str],
    resource: Sequence[str],
    confirmation: Confirmation,
) -> Issued:
    """An access token that a person's grant yields. ``gid`` names the grant, so that this server
    can tell whether it has been revoked."""
    return _issue(
        client,
        subject,
        scopes,
        resource,
        confirmation,
        {
            **claims_hook.added(grant.user, client, scopes, "access_token"),
            "auth_time": grant.auth_time,
            "acr": grant.acr,
            "amr": grant.amr,
            "gid": str(grant.pk),
        },
    )


def for_client(
    client: Client,
    scopes: Sequence[str],
    resource: Sequence[str],
    confirmation: Confirmation = NOT_BOUND,
) -> Issued:
    """An access token of the client itself (RFC 9068 §2.2: ``sub`` is the client)."""
    return _issue(client, client.client_id, scopes, resource, confirmation, {})


def for_workload(
    client: Client,
    identity: Mapping[str, str],
    scopes: Sequence[str],
    resource: Sequence[str],
    confirmation: Confirmation,
    *,
    lifetime: int,
) -> Issued:
    """An access token of the client that an outside token stands for; ``lifetime`` in seconds.

    ``sub`` is the client, never the outside subject, which could be spelled like the name of a
    person here. ``workload`` says who it is at its own issuer.
    """
    return _issue(
        client,
        client.client_id,
        scopes,
        resource,
        confirmation,
        {"workload": dict(identity)},
        at_most=lifetime,
    )


def for_exchange(
    client: Client,
    subject: Mapping[str, Any],
    scopes: Sequence[str],
    audience: Sequence[str],
    confirmation: Confirmation,
    *,
    lifetime: int,
    act: Mapping[str, Any] | None,
) -> Issued:
    """An access token for the subject of another (RFC 8693). What that says of its person and
    grant is carried on, so that revoking the grant reaches this token too.

    ``act`` names who acts, before those who acted already (§4.1).
    """
    carried = {name: subject[name] for name in CARRIED if name in subject}
    if act is not None:
        carried["act"] = dict(act)
    return _issue(client, subject["sub"], scopes, audience, confirmation, carried, at_most=lifetime)


def verify(token: str) -> dict[str, Any]:
    """The claims of an access token for this server. Raises ``jwt.InvalidTokenError``."""
    return read(token, audience=issuer())


def read(token: str, *, audience: str | None = None) -> dict[str, Any]:
    """The claims of an access token of ours, of any policy, that hasn't itself been revoked;
    without ``audience``, ``aud`` is left to the caller. Raises ``jwt.InvalidTokenError``.

    Whether what it rests on still stands is the question after (``families.stands``). No statement
    for a short-lived one, one for any other.
    """
    if opaque_token.is_well_formed(token):
        return opaque_token.find(token, audience=audience)
    claims = jws.verify(token, typ=TYP, issuer=issuer(), audience=audience)
    if "status" in claims and blocklist.is_revoked(claims["jti"]):
        raise jwt.InvalidTokenError("revoked")
    return claims
