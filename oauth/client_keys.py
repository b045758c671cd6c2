"""The public keys of others: registered, or where they publish them (RFC 7591 §2)."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import jwt

from . import jwe, jwk
from .models import Client
from .safe_fetch import FetchError, fetch

log = logging.getLogger(__name__)

FRESH_SECONDS = 600
"""For so long fetched keys are taken without asking again."""
RETRY_SECONDS = 30
"""An address is asked at most so often by a process, for an unknown key or after a failure."""
STALE_SECONDS = 24 * 3600
"""While their address is unreachable, keys are taken for so long, and no longer."""
MAX_KEYS = 50
LEEWAY_SECONDS = 60
"""How far the clock of a client may be from ours."""


@dataclass(frozen=True)
class _Held:
    jwks: list[Any]
    fetched_at: float
    asked_at: float


Ask = Callable[[str], list[Any]]
_held: dict[tuple[Ask, str], _Held] = {}
_locks: dict[tuple[Ask, str], threading.Lock] = {}
_NOTHING = _Held([], float("-inf"), float("-inf"))


def find(client: Client, *, alg: str, kid: str | None) -> list[Any]:
    """The keys of ``client`` that may have made a signature of ``alg``: those that may be meant by
    ``kid``, or all where the signature names none.

    Empty where there is no such key.
    """
    registered = client.registered("jwks")
    if registered is not None:
        return usable(registered["keys"], alg, kid)
    uri = client.registered("jwks_uri")
    return published(uri, alg=alg, kid=kid) if uri else []


def published(uri: str, *, alg: str, kid: str | None, ask: Ask | None = None) -> list[Any]:
    """The keys published at ``uri`` that may have made a signature; ``ask`` says how to get them.

    An unknown ``kid`` asks anew. While nobody answers, what was said last holds, for a day.
    """
    ask = ask or jwks_at
    jwks = _fetched(uri, FRESH_SECONDS, ask)
    found = usable(jwks, alg, kid)
    if found and (kid is None or _named(jwks, kid)):
        return found
    return usable(_fetched(uri, RETRY_SECONDS, ask), alg, kid)


def find_recipient(client: Client, *, alg: str) -> tuple[jwe.RecipientKey, str] | None:
    """The first key of ``client`` to encrypt to by ``alg``, and its ``kid`` (``""`` for a key
    without a name); ``None`` where there is no such key."""
    registered = client.registered("jwks")
    if registered is not None:
        return _recipient(registered["keys"], alg)
    uri = client.registered("jwks_uri")
    if not uri:
        return None
    return _recipient(_fetched(uri, FRESH_SECONDS, jwks_at), alg) or _recipient(
        _fetched(uri, RETRY_SECONDS, jwks_at), alg
    )


def _recipient(jwks: list[Any], alg: str) -> tuple[jwe.RecipientKey, str] | None:
    for each in jwks:
        try:
            key = jwe.recipient_key(each, alg)
        except jwt.InvalidKeyError:
            continue
        kid = each.get("kid", "")
        return key, kid if isinstance(kid, str) else ""
    return None


def signed_by_one_of(keys: Iterable[Any], token: str, *, alg: str, options: Any) -> dict[str, Any]:
    """The claims of a JWT that one of ``keys`` has signed, checked as PyJWT's ``options`` say.

    Raises ``jwt.PyJWTError``.
    """
    for key in keys:
        try:
            claims: dict[str, Any] = jwt.decode(
                token, key, algorithms=[alg], leeway=LEEWAY_SECONDS, options=options
            )
        except jwt.InvalidSignatureError:
            continue
        return claims
    kid = jwt.get_unverified_header(token).get("kid")
    raise jwt.InvalidSignatureError(
        f"by no key of the client for {alg}" + (f" and kid {kid}" if kid else "")
    )


def usable(jwks: list[Any], alg: str, kid: str | None) -> list[Any]:
    """The keys among ``jwks`` that are for signatures of ``alg`` and may be meant by ``kid``: those
    of that name or, where there are none, those without a name, since it is a hint (RFC 7515
    §4.1.4). One of another name is another key."""
    keys = []
    for each in jwks if kid is None else _named(jwks, kid) or _named(jwks, None):
        if not isinstance(each, dict) or each.get("use", "sig") != "sig":
            continue
        if jwk.canonical(each.get("alg", alg)) != jwk.canonical(alg):
            continue
        try:
            keys.append(jwk.public_key(each, alg))
        except jwt.InvalidKeyError:
            continue
    return keys


def _named(jwks: list[Any], kid: str | None) -> list[Any]:
    return [each for each in jwks if isinstance(each, dict) and each.get("kid") == kid]


def _fetched(uri: str, max_age: float, ask: Ask) -> list[Any]:
    """The keys at ``uri``, no older than ``max_age`` seconds unless it was asked just now."""
    place = (ask, uri)
    with _locks.setdefault(place, threading.Lock()):  # who comes meanwhile waits for the answer
        held, now = _held.get(place, _NOTHING), time.monotonic()
        if now - held.fetched_at < max_age or now - held.asked_at < RETRY_SECONDS:
            return held.jwks
        try:
            held = _Held(ask(uri), now, now)
        except (FetchError, ValueError, RecursionError) as problem:
            log.warning("no keys at a jwks_uri: %s", type(problem).__name__)
            kept = held.jwks if now - held.fetched_at < STALE_SECONDS else []
            held = _Held(kept, held.fetched_at, now)
        _held[place] = held
        return held.jwks


def jwks_at(uri: str) -> list[Any]:
    """The JWK Set at ``uri``. Raises ``FetchError`` or ``ValueError``."""
    keys = json_at(uri).get("keys")
    if not isinstance(keys, list):
        raise ValueError("not a JWK Set")
    return keys[:MAX_KEYS]


def json_at(uri: str) -> dict[str, Any]:
    """The JSON object at ``uri``. Raises ``FetchError`` or ``ValueError``."""
    answer = fetch(uri, headers={"Accept": "application/jwk-set+json, application/json"})
    found = json.loads(answer.body) if answer.status == 200 else None
    if not isinstance(found, dict):
        raise ValueError("not a JSON object")
    return found
