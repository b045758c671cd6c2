"""The registered APIs: which scopes are theirs, and the terms of tokens for them (RFC 8707).

Each process keeps the rows and asks the database at most every ``RECHECK_SECONDS``, so that an
operator's change holds everywhere within that time.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.apps import apps as installed
from django.db.models.signals import post_delete, post_save

from . import security_profile

if TYPE_CHECKING:
    from .models import Api, Client

RECHECK_SECONDS = 5
MODEL = "ostiary_oauth.Api"
"""Named, not imported: the client's own checks ask here for the scopes there are."""

_lock = threading.Lock()
_cached: dict[str, Api] = {}
_checked_at: float | None = None


@dataclass(frozen=True)
class Terms:
    """How an access token is issued: ``lifetime`` in seconds, the algorithm that signs it, the
    revocation policy."""

    lifetime: int
    alg: str
    policy: str


def registered() -> Mapping[str, Api]:
    """The APIs by their identifiers; from memory unless ``RECHECK_SECONDS`` have passed."""
    global _cached, _checked_at
    if _is_fresh():
        return _cached
    with _lock:
        rows = installed.get_model(MODEL)._default_manager.all()
        _cached = {row.identifier: row for row in rows}
        _checked_at = time.monotonic()
        return _cached


def known() -> Mapping[str, Api] | None:
    """The same, if they are known without asking the database."""
    return _cached if _is_fresh() else None


def _is_fresh() -> bool:
    return _checked_at is not None and time.monotonic() - _checked_at < RECHECK_SECONDS


def forget(**_: Any) -> None:
    """Ask the database again at the next use (after a change in this process)."""
    global _checked_at
    _checked_at = None


def connect() -> None:
    """Called once, when the app is ready."""
    for signal in (post_save, post_delete):
        signal.connect(forget, sender=installed.get_model(MODEL), dispatch_uid="ostiary.oauth.apis")


def name(identifier: str) -> str:
    """What people call the API; its identifier if it isn't registered."""
    api = registered().get(identifier)
    return api.name if api else identifier


def is_closed(identifier: str) -> bool:
    """Whether it is registered and switched off."""
    api = registered().get(identifier)
    return api is not None and not api.enabled


def scopes() -> dict[str, str]:
    """The scopes of all APIs that are on, with their words."""
    found: dict[str, str] = {}
    for api in registered().values():
        if api.enabled:
            found.update(api.scopes)
    return found


def words(scope: str, resource: Iterable[str]) -> str | None:
    """How the APIs of ``resource`` put the scope, ``None`` if it isn't theirs."""
    for identifier in resource:
        api = registered().get(identifier)
        if api and scope in api.scopes:
            return str(api.scopes[scope])
    return None


def usable(asked: Iterable[str], resource: Sequence[str]) -> list[str]:
    """Those of the scopes that mean something at ``resource``: a scope that an API has declared
    can be had only with an API that declares it."""
    known = registered()
    if not known:
        return list(asked)
    owned = {scope for api in known.values() for scope in api.scopes}
    here = {
        scope
        for identifier in resource
        if identifier in known and known[identifier].enabled
        for scope in known[identifier].scopes
    }
    return [scope for scope in asked if scope not in owned or scope in here]


def terms(client: Client, resource: Iterable[str]) -> Terms:
    """The terms of a token of ``client`` for ``resource``: the shorter lifetime, the stricter
    policy, and the algorithm of the first API that wants one, unless the client's security profile
    does not allow it."""
    of = [known for identifier in resource if (known := registered().get(identifier))]
    if not of:
        return Terms(
            lifetime=client.access_token_lifetime,
            alg=security_profile.answer_alg(client, client.access_token_signing_alg),
            policy=client.revocation_policy,
        )
    strictness = client.RevocationPolicy.values
    lifetimes = [api.access_token_lifetime for api in of if api.access_token_lifetime]
    policies = [api.revocation_policy for api in of if api.revocation_policy]
    algs = [api.access_token_signing_alg for api in of if api.access_token_signing_alg]
    return Terms(
        lifetime=min([client.access_token_lifetime, *lifetimes]),
        alg=security_profile.answer_alg(client, [*algs, client.access_token_signing_alg][0]),
        policy=max([client.revocation_policy, *policies], key=strictness.index),
    )
