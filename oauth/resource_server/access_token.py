"""Access tokens: what they say, and when a JWT is one for us (RFC 9068 §4)."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..verified import Memory
from . import bearer, jws
from .errors import InvalidToken
from .issuer import Issuer, Keys

TYPES = ("at+jwt", "application/at+jwt")


@dataclass(frozen=True, repr=False, eq=False)
class AccessToken:
    """A token that was found good, as ``request.token``. Where the project has no users of its own
    it also stands for the caller, as ``request.user``."""

    claims: Mapping[str, Any]
    is_authenticated = True
    is_anonymous = False

    @property
    def subject(self) -> str:
        """``sub``: whom it is about, a person or the client itself; empty where not told."""
        return str(self.claims.get("sub", ""))

    pk = subject

    @property
    def client_id(self) -> str:
        """The client that it was issued to; empty where not told."""
        return str(self.claims.get("client_id", ""))

    @property
    def scopes(self) -> frozenset[str]:
        """What it is good for."""
        return frozenset(str(self.claims.get("scope", "")).split())

    @property
    def acr(self) -> str:
        """How surely the person was authenticated (RFC 9470 §4); empty where not told."""
        return str(self.claims.get("acr", ""))

    @property
    def amr(self) -> tuple[str, ...]:
        """By what the person was authenticated (RFC 8176)."""
        amr = self.claims.get("amr")
        return tuple(map(str, amr)) if isinstance(amr, list) else ()

    @property
    def auth_time(self) -> int | None:
        """When the person was authenticated, in seconds since 1970; ``None`` where not told."""
        auth_time: Any = self.claims.get("auth_time")
        return int(auth_time) if jws.is_time(auth_time) else None

    @property
    def actors(self) -> tuple[Mapping[str, Any], ...]:
        """Who acts for the subject, the present one first (``act``, RFC 8693 §4.1)."""
        chain, act = [], self.claims.get("act")
        while isinstance(act, dict):
            chain.append({name: value for name, value in act.items() if name != "act"})
            act = act.get("act")
        return tuple(chain)

    @property
    def expires_at(self) -> float:
        """From when on it is worth nothing, in seconds since 1970."""
        return float(self.claims["exp"])

    @property
    def confirmation(self) -> Mapping[str, Any]:
        """``cnf``: which key it is bound to (RFC 7800); empty for a bearer token."""
        cnf = self.claims.get("cnf", {})
        return cnf if isinstance(cnf, dict) else {}


@dataclass(frozen=True, repr=False)
class _Good:
    """What a token says, by which keys, and from when until when it is good."""

    claims: Mapping[str, Any]
    keys: Keys | None
    begins: float
    ends: float


class Verifier:
    """Knows the JWT access tokens of ``issuer`` for ``audience``. Clocks may differ by ``leeway``
    seconds.

    A token that was found good is so while the issuer's keys are the same and its time is not over:
    what is shown again costs no second look at the rest. Safe to use from many threads.
    """

    def __init__(self, issuer: Issuer, audience: str, leeway: int) -> None:
        self._issuer, self._audience, self._leeway = issuer, audience, leeway
        self._memory = Memory[_Good]()

    def verify(self, token: str) -> AccessToken:
        """The token, if it is a good one. Raises ``InvalidToken`` or ``InvalidRequest``,
        ``Unavailable`` if that can't be told."""
        good = self._memory.find(token)
        if (
            good is None
            or good.keys is not self._issuer.keys()
            or not good.begins <= time.time() < good.ends
        ):
            good = self._found_good(token)
            self._memory.keep(token, good)
        return AccessToken(dict(good.claims))

    def _found_good(self, token: str) -> _Good:
        keys = self._issuer.held_keys()  # if newer ones come meanwhile, it is looked at once more
        bearer.check_form(token)
        claims = _claims(token, self._issuer, self._audience, self._leeway)
        begins = max(claims["iat"], claims.get("nbf", 0)) - self._leeway
        return _Good(claims, keys, begins, claims["exp"] + self._leeway)


def _claims(token: str, issuer: Issuer, audience: str, leeway: int) -> dict[str, Any]:
    claims = jws.claims_of(token, typ=TYPES, issuer=issuer)
    if claims.get("iss") != issuer.url:
        raise InvalidToken
    for name in ("sub", "client_id", "jti"):
        if not isinstance(claims.get(name), str) or not claims[name]:
            raise InvalidToken
    check_common(claims, audience=audience, leeway=leeway)
    if not jws.is_time(claims.get("iat")) or claims["iat"] > time.time() + leeway:
        raise InvalidToken
    return claims


def check_common(claims: Mapping[str, Any], *, audience: str, leeway: int) -> None:
    """What holds for every token, also one told by introspection. Raises ``InvalidToken``."""
    aud, now = claims.get("aud"), time.time()
    if audience not in (aud if isinstance(aud, list) else [aud]):
        raise InvalidToken("The access token is not for this API.")
    if not jws.is_time(claims.get("exp")):
        raise InvalidToken
    if claims["exp"] <= now - leeway:
        raise InvalidToken("The access token has expired.")
    nbf = claims.get("nbf", 0)
    if not jws.is_time(nbf) or nbf > now + leeway:
        raise InvalidToken
    if not isinstance(claims.get("scope", ""), str) or not isinstance(claims.get("cnf", {}), dict):
        raise InvalidToken
