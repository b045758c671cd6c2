"""The ``claims`` parameter: single claims asked for by name, and demands on the sign-in
(OIDC Core §5.5).

A claim is released only if the person has allowed the scope that covers it: the consent page asks
for that scope. One that no scope of the client covers is left out, essential or not (§5.5.1).
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from oauthlib.oauth2.rfc6749.errors import InvalidRequestError

from . import claims
from .models import Grant

MAX_LENGTH = 3000
"""Longest value of the parameter, in characters."""
MOST_CLAIMS = 100
_TEXT = re.compile(r"[\x21-\x7e]{1,255}")


@dataclass(frozen=True)
class RequestedClaims:
    """What the parameter asks for.

    ``subjects`` are the ``sub`` values of which the person must have one, ``None`` for any person.
    ``acr_values`` are wished for; ``essential_acr``, if there are any, one of them must be met.
    """

    id_token: tuple[str, ...] = ()
    userinfo: tuple[str, ...] = ()
    subjects: frozenset[str] | None = None
    acr_values: tuple[str, ...] = ()
    essential_acr: tuple[str, ...] = ()

    def scopes(self, allowed: Iterable[str]) -> tuple[str, ...]:
        """The scopes, of those ``allowed`` to the client, that cover the named claims."""
        named, covering = {*self.id_token, *self.userinfo}, claims.by_scope()
        return tuple(scope for scope in allowed if named.intersection(covering.get(scope, ())))

    def covered_by(self, allowed: Collection[str]) -> RequestedClaims:
        """The same without the claims that none of the scopes ``allowed`` to the client covers: a
        scope that it gets later must not release what the person was never asked about."""
        known = claims.by_scope()
        covered = {name for scope in allowed for name in known.get(scope, ())}
        return replace(
            self,
            id_token=tuple(name for name in self.id_token if name in covered),
            userinfo=tuple(name for name in self.userinfo if name in covered),
        )

    def stored(self) -> str:
        """The named claims, for ``Grant.claims``."""
        kept = {"id_token": self.id_token, "userinfo": self.userinfo}
        return json.dumps(kept) if any(kept.values()) else ""


def parse(value: str) -> RequestedClaims:
    """Read the parameter. Raises ``InvalidRequestError``; members that mean nothing to us are
    ignored (§5.5)."""
    if not value:
        return RequestedClaims()
    try:
        if len(value) > MAX_LENGTH:
            raise ValueError("too long")
        members = json.loads(value)
        id_token, userinfo = (_members(members, name) for name in ("id_token", "userinfo"))
        wished = _wanted(id_token, "acr")
        return RequestedClaims(
            id_token=tuple(id_token),
            userinfo=tuple(userinfo),
            subjects=_both(_wanted(id_token, "sub"), _wanted(userinfo, "sub")),
            acr_values=wished or (),
            essential_acr=(wished or ()) if (id_token.get("acr") or {}).get("essential") else (),
        )
    except (ValueError, RecursionError):
        raise InvalidRequestError(description="The claims parameter is malformed.") from None


def _members(members: Any, name: str) -> dict[str, Any]:
    """The claims asked for at one place. Raises ``ValueError``."""
    if not isinstance(members, dict):
        raise ValueError("not an object")
    asked = {} if members.get(name) is None else members[name]
    if not isinstance(asked, dict) or len(asked) > MOST_CLAIMS:
        raise ValueError("not an object of claims")
    for claim, about in asked.items():
        if not _TEXT.fullmatch(claim) or not isinstance(about, dict | None):
            raise ValueError("not a claim")
        if about and not isinstance(about.get("essential", False), bool):
            raise ValueError("essential is true or false")
    return asked


def _wanted(asked: Mapping[str, Any], claim: str) -> tuple[str, ...] | None:
    """The values one of which is wanted of ``claim``, ``None`` for any. Raises ``ValueError``."""
    about = asked.get(claim) or {}
    if "value" not in about and "values" not in about:
        return None
    values = about.get("values", [about.get("value")])
    if not isinstance(values, list) or not all(
        isinstance(value, str) and _TEXT.fullmatch(value) for value in values
    ):
        raise ValueError("not usable values")
    return tuple(values)


def _both(one: tuple[str, ...] | None, other: tuple[str, ...] | None) -> frozenset[str] | None:
    if one is None or other is None:
        return None if one is other else frozenset(one or other or ())
    return frozenset(one) & frozenset(other)


def released(grant: Grant, place: str) -> dict[str, Any]:
    """The claims that ``grant`` was asked for by name at ``place`` (``id_token`` or
    ``userinfo``), as far as a scope of the client covers them still."""
    if not grant.claims:
        return {}
    named = json.loads(grant.claims)[place]
    covering = claims.for_scopes(grant.user, grant.application.scopes)
    return {name: covering[name] for name in named if name in covering}
