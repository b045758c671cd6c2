"""How one region proves to another what it says: a JWT that lasts a minute (RFC 7519).

The token is all of the request's body, and all of the answer's, so that there is nothing beside it
that somebody could change. ``aud`` is the URL of the region that it is for, ``iss`` the name of the
one that says it; an answer names the request, by its ``jti``.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from .. import jws, receipts
from .configured import Region

REQUEST = "region-request+jwt"
ANSWER = "region-answer+jwt"
SECONDS = 60
"""For so long a token is good."""
SKEW_SECONDS = 30
"""So much the clocks of two regions may differ."""
MAX_LENGTH = 100_000
"""Characters of a token, which may hold a receipt."""


class Refused(Exception):
    """It doesn't prove what it has to. The text is for our log, never for the other side."""


def make(typ: str, said: Mapping[str, Any], *, issuer: Region, audience: Region, now: float) -> str:
    """A token by our newest key; its ``jti`` is random, and good once."""
    claims = {
        "iss": issuer.name,
        "aud": audience.url,
        "iat": int(now),
        "exp": int(now) + SECONDS,
        "jti": secrets.token_urlsafe(16),
    }
    return jws.sign({**said, **claims}, typ, receipts.private_keys()[0])


def issuer_of(token: str) -> str:
    """Who says that they said it: by whose keys it has to be verified. Raises ``Refused``."""
    return str(_unverified(token)[1].get("iss"))


def kid_of(token: str) -> str:
    """The key that it names. Raises ``Refused``."""
    return str(_unverified(token)[0].get("kid"))


def jti_of(token: str) -> str:
    """The name of a token of our own."""
    return str(_unverified(token)[1]["jti"])


def _unverified(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    try:
        return jws.unverified(token, MAX_LENGTH)
    except jws.InvalidJWS as problem:
        raise Refused(str(problem)) from None


def read(
    typ: str,
    token: str,
    keys: list[dict[str, Any]],
    *,
    issuer: Region,
    audience: Region,
    now: float,
) -> dict[str, Any]:
    """What a token of ``issuer`` for ``audience`` says. Raises ``Refused``."""
    try:
        claims = jws.verify(token, typ, keys, MAX_LENGTH)
    except jws.InvalidJWS as problem:
        raise Refused(str(problem)) from None
    if claims.get("iss") != issuer.name:
        raise Refused("It is from another region.")
    if claims.get("aud") != audience.url:
        raise Refused("It is for another region.")
    begun, ends, name = claims.get("iat"), claims.get("exp"), claims.get("jti")
    if type(begun) is not int or type(ends) is not int or not isinstance(name, str):
        raise Refused("It lacks iat, exp or jti.")
    if not 16 <= len(name) <= 200:
        raise Refused("Its jti is too short, or too long.")
    if begun > now + SKEW_SECONDS:
        raise Refused("It is from the future.")
    if ends > begun + SECONDS:
        raise Refused("It lasts too long.")
    if ends <= now - SKEW_SECONDS:
        raise Refused("It is over.")
    return claims
