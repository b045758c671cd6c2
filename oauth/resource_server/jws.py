"""Signed tokens of the issuer, read as RFC 8725 wants it."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import jwt

from .errors import InvalidToken
from .issuer import Issuer

_UNCHECKED = ("exp", "nbf", "iat", "aud", "iss", "sub", "jti")
_END_OF_TIME = 2**53


def claims_of(token: str, *, typ: Collection[str], issuer: Issuer) -> dict[str, Any]:
    """The claims of a token that ``issuer`` has signed, none of them checked yet.

    ``typ`` are the types it may have, in lower case (RFC 8725 §3.11); the algorithm is one of the
    key's, whatever the token says (§3.1). Raises ``InvalidToken`` or ``Unavailable``.
    """
    try:
        header = jwt.get_unverified_header(token)
        kid, alg = header.get("kid"), header.get("alg")
        given = str(header.get("typ", "")).lower()
        if given not in typ:
            raise InvalidToken
        if not isinstance(kid, str) or not isinstance(alg, str):
            raise InvalidToken
        key = issuer.key(kid, alg)
        claims: dict[str, Any] = jwt.decode(
            token,
            key,
            algorithms=[alg],
            options={f"verify_{name}": False for name in _UNCHECKED},  # type: ignore[arg-type, misc]
        )
    except (jwt.PyJWTError, RecursionError, ValueError):
        raise InvalidToken from None
    return claims


def is_jwt(token: str) -> bool:
    """Whether ``token`` has the form of a JWT; one that has not is opaque to us."""
    try:
        jwt.get_unverified_header(token)
    except (jwt.PyJWTError, RecursionError, ValueError):
        return False
    return True


def is_time(value: Any) -> bool:
    """Whether ``value`` is a ``NumericDate`` (RFC 7519 §2): seconds since 1970, no infinity."""
    return type(value) in (int, float) and 0 <= value < _END_OF_TIME
