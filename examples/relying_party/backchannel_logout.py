"""The provider tells us that somebody's session there is over (OIDC Back-Channel Logout 1.0)."""

from __future__ import annotations

import time
from collections.abc import Collection
from typing import Any

from joserfc import jwt
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry

EVENT = "http://schemas.openid.net/event/backchannel-logout"
LEEWAY = 60
"""Seconds by which the two clocks may differ."""


class BadLogoutToken(Exception):
    """Not a logout token that our provider made for us, now."""


def verify(
    token: str, keys: KeySet, *, issuer: str, client_id: str, algs: Collection[str]
) -> dict[str, Any]:
    """The claims of a logout token (§2.6). Raises ``BadLogoutToken``, or ``JoseError`` for a
    signature that isn't one of ``keys``."""
    registry = JWSRegistry(algorithms=list(algs), strict_check_header=False)
    decoded = jwt.decode(token, key=keys, registry=registry)
    claims: dict[str, Any] = dict(decoded.claims)
    now = time.time()
    audience = claims.get("aud")
    events = claims.get("events")
    checks = {
        "typ": str(decoded.header.get("typ", "")).lower() == "logout+jwt",
        "alg": decoded.header.get("alg") != "none",
        "iss": claims.get("iss") == issuer,
        "aud": client_id in (audience if isinstance(audience, list) else [audience]),
        "iat": _is_time(claims.get("iat")) and claims["iat"] <= now + LEEWAY,
        "exp": _is_time(claims.get("exp")) and claims["exp"] > now - LEEWAY,
        "jti": isinstance(claims.get("jti"), str),
        "events": isinstance(events, dict) and isinstance(events.get(EVENT), dict),
        "nonce": "nonce" not in claims,  # so that no ID token passes for one
        "sub or sid": any(isinstance(claims.get(name), str) for name in ("sub", "sid")),
    }
    wrong = [name for name, right in checks.items() if not right]
    if wrong:
        raise BadLogoutToken(f"The logout token has a wrong {wrong[0]}.")
    return claims


def _is_time(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def is_meant(session: dict[str, Any], claims: dict[str, Any]) -> bool:
    """Whether one of our sessions is what the token is about: this ``sid``, or without one every
    session of this ``sub``."""
    known = session.get("claims", {})
    names = [name for name in ("sub", "sid") if name in claims]
    return bool(known) and all(known.get(name) == claims[name] for name in names)


class Seen:
    """The tokens that have come already, until they have expired."""

    def __init__(self) -> None:
        self._until: dict[str, float] = {}

    def is_new(self, claims: dict[str, Any]) -> bool:
        """Whether this token has not come before."""
        now = time.time()
        self._until = {jti: until for jti, until in self._until.items() if until > now}
        if claims["jti"] in self._until:
            return False
        self._until[claims["jti"]] = claims["exp"] + LEEWAY
        return True
