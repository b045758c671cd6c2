"""What the token issuer publishes: its metadata (RFC 8414, OIDC Discovery §4) and its keys."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial
from typing import Any

import jwt

from .. import jwk
from .errors import InvalidToken, Unavailable
from .fetch import FetchError, fetch, is_secure
from .kept import Fetched, Kept

FRESH_SECONDS = 300.0
"""So long a published key or address is taken without asking again."""
USABLE_SECONDS = 24 * 3600.0
"""So long the last known ones serve while the issuer can't be reached."""
MAX_BYTES = 256 * 1024
MAX_KEYS = 100

Keys = dict[str, dict[str, Any]]
"""By ``kid`` and algorithm."""


class Issuer:
    """The endpoints and keys of one issuer, kept. Safe to use from many threads."""

    def __init__(self, url: str, algorithms: Sequence[str], **endpoints: str) -> None:
        """``endpoints`` (``jwks_uri``, ``introspection_endpoint``) go before the metadata."""
        self.url, self._algorithms, self._endpoints = url, algorithms, endpoints
        self._metadata = Kept(partial(_metadata, url))
        self._keys = Kept(self._fetch_keys)

    def endpoint(self, name: str) -> str:
        """The address of an endpoint by its metadata name. Raises ``Unavailable``."""
        given = self._endpoints.get(name) or self._metadata.current().get(name)
        if not isinstance(given, str) or not is_secure(given):
            raise Unavailable
        return given

    def keys(self) -> Keys:
        """The keys as they were last fetched: the same object until that is done anew. Raises
        ``Unavailable``."""
        return self._keys.current()

    def held_keys(self) -> Keys | None:
        """The same, however old; ``None`` before they were fetched."""
        return self._keys.held()

    def key(self, kid: str, alg: str) -> Any:
        """The key that makes signatures of ``alg`` under ``kid``.

        An unknown ``kid`` asks for the keys anew, if that was not done just now. Raises
        ``InvalidToken`` if there is none, ``Unavailable`` if no keys can be had.
        """
        by_alg = self._keys.current().get(kid)
        if by_alg is None:
            by_alg = self._keys.renewed().get(kid, {})
        found = by_alg.get(jwk.canonical(alg))
        if found is None:
            raise InvalidToken
        return found

    def _fetch_keys(self) -> Fetched[Keys]:
        try:
            uri = self.endpoint("jwks_uri")
        except Unavailable:
            raise FetchError("its metadata names no jwks_uri that can be used") from None
        document = _json(uri, "application/jwk-set+json, application/json")
        return Fetched(parse(document, self._algorithms), FRESH_SECONDS, USABLE_SECONDS)


def parse(jwks: Any, algorithms: Sequence[str]) -> Keys:
    """The usable signature keys of a JWK Set (RFC 7517 §5). Raises ``ValueError`` for another
    document.

    Each key is for the ``alg`` that it names, or else for those of ``algorithms`` that fit it: what
    a token says about its algorithm only chooses among them (RFC 8725 §3.1).
    """
    members = jwks.get("keys") if isinstance(jwks, dict) else None
    if not isinstance(members, list):
        raise ValueError("not a JWK Set")
    keys: Keys = {}
    for member in members[:MAX_KEYS]:
        if not isinstance(member, dict) or member.get("use", "sig") != "sig":
            continue
        kid = member.get("kid")
        if not isinstance(kid, str):
            continue
        by_alg = keys.setdefault(kid, {})  # known, even if there is nothing that it may be used for
        for alg in algorithms:
            if jwk.canonical(member.get("alg", alg)) != alg:
                continue
            try:
                by_alg.setdefault(alg, jwk.public_key(member, alg))
            except jwt.InvalidKeyError:
                continue
    return keys


def _metadata(issuer: str) -> Fetched[dict[str, Any]]:
    document = _json(f"{issuer.rstrip('/')}/.well-known/openid-configuration", "application/json")
    if not isinstance(document, dict) or document.get("issuer") != issuer:
        raise ValueError("the metadata is of another issuer")
    return Fetched(document, FRESH_SECONDS, USABLE_SECONDS)


def _json(url: str, accept: str) -> Any:
    """The JSON at ``url``. Raises ``FetchError`` or ``ValueError``."""
    answer = fetch(url, headers={"Accept": accept}, max_bytes=MAX_BYTES)
    if answer.status != 200:
        raise FetchError(f"the answer has the status {answer.status}")
    return json.loads(answer.body)
