"""The public keys of a client: registered, or at its ``jwks_uri`` (RFC 7591 §2)."""

from __future__ import annotations

import json
import logging
import threading
import time
from dataclasses import dataclass
from typing import Any

import jwt

from . import jwk
from .models import Client
from .safe_fetch import FetchError, fetch

log = logging.getLogger(__name__)

FRESH_SECONDS = 600
"""For so long fetched keys are taken without asking again."""
RETRY_SECONDS = 30
"""An address is asked at most so often by a process, for an unknown key or after a failure."""
MAX_KEYS = 50


@dataclass(frozen=True)
class _Held:
    jwks: list[Any]
    fetched_at: float
    asked_at: float


_held: dict[str, _Held] = {}
_locks: dict[str, threading.Lock] = {}
_NOTHING = _Held([], float("-inf"), float("-inf"))


def find(client: Client, *, alg: str, kid: str | None) -> list[Any]:
    """The keys of ``client`` that may have made a signature of ``alg``: those of ``kid``, or all
    where the signature names none.

    An unknown ``kid`` asks the ``jwks_uri`` anew. While that is unreachable, what it said last
    holds. Empty where there is no such key.
    """
    registered = client.registered("jwks")
    if registered is not None:
        return _usable(registered["keys"], alg, kid)
    uri = client.registered("jwks_uri")
    if not uri:
        return []
    return _usable(_fetched(uri, FRESH_SECONDS), alg, kid) or _usable(
        _fetched(uri, RETRY_SECONDS), alg, kid
    )


def _usable(jwks: list[Any], alg: str, kid: str | None) -> list[Any]:
    keys = []
    for each in jwks:
        if not isinstance(each, dict) or each.get("use", "sig") != "sig":
            continue
        if each.get("alg", alg) != alg or (kid is not None and each.get("kid") != kid):
            continue
        try:
            keys.append(jwk.public_key(each, alg))
        except jwt.InvalidKeyError:
            continue
    return keys


def _fetched(uri: str, max_age: float) -> list[Any]:
    """The keys at ``uri``, no older than ``max_age`` seconds unless it was asked just now."""
    with _locks.setdefault(uri, threading.Lock()):  # who comes meanwhile waits for the answer
        held, now = _held.get(uri, _NOTHING), time.monotonic()
        if now - held.fetched_at < max_age or now - held.asked_at < RETRY_SECONDS:
            return held.jwks
        try:
            held = _Held(_ask(uri), now, now)
        except (FetchError, ValueError, RecursionError) as problem:
            log.warning("no keys at a jwks_uri: %s", type(problem).__name__)
            held = _Held(held.jwks, held.fetched_at, now)
        _held[uri] = held
        return held.jwks


def _ask(uri: str) -> list[Any]:
    answer = fetch(uri, headers={"Accept": "application/jwk-set+json, application/json"})
    jwks = json.loads(answer.body) if answer.status == 200 else None
    keys = jwks.get("keys") if isinstance(jwks, dict) else None
    if not isinstance(keys, list):
        raise ValueError("not a JWK Set")
    return keys[:MAX_KEYS]
