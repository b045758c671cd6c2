"""Whose pages are browser applications: the origins of public clients (RFC 6454).

Each client's are kept beside it when it is saved: those of its ``http`` and ``https`` redirect
URIs, and its ``allowed_origins``, for a page that is not where its redirect URI leads. A process
remembers for a few seconds whether an origin was one, so that a page that calls often costs a
statement now and then.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Iterable
from typing import Any

from django.core.signals import setting_changed
from django.db import InterfaceError, OperationalError

from .models import Client, ClientOrigin
from .redirect_uri import origin_of

RECHECK_SECONDS = 5
MOST = 1024
"""So many origins are remembered."""
FROM = frozenset({"redirect_uris", "allowed_origins", "client_type"})
"""The columns of a client that decide."""

_known: dict[str, tuple[bool, float]] = {}
_lock = threading.Lock()


def is_registered(origin: str, *, ask: bool = True) -> bool:
    """Whether ``origin``, as a browser writes it, is one of an enabled public client: from memory,
    or by one statement. While the database is not to be asked, or is away, what was last known
    counts."""
    now = time.monotonic()
    found, since = _known.get(origin, (False, -math.inf))
    if now - since < RECHECK_SECONDS or not ask:
        return found
    if origin != origin_of(origin):  # "null", for one
        return False
    try:
        found = ClientOrigin.objects.filter(
            origin=origin, client__enabled=True, client__client_type=Client.CLIENT_PUBLIC
        ).exists()
    except (OperationalError, InterfaceError):
        return found
    with _lock:
        if origin not in _known and len(_known) >= MOST:
            del _known[next(iter(_known))]
        _known[origin] = found, now
    return found


def of(client: Client) -> set[str]:
    """The origins of a client's pages; none of one that keeps its secret on a server."""
    if not client.is_public:
        return set()
    uris = [*client.redirect_uris.split(), *client.allowed_origins.split()]
    return {origin for uri in uris if (origin := origin_of(uri))}


def after_save(
    sender: Any, instance: Client, created: bool, update_fields: Iterable[str] | None, **_: Any
) -> None:
    """Receiver of ``post_save``: keep what the client says now."""
    if update_fields is not None and FROM.isdisjoint(update_fields):
        return
    wanted = of(instance)
    kept = ClientOrigin.objects.filter(client=instance)
    there = set() if created else set(kept.values_list("origin", flat=True))
    if gone := there - wanted:
        kept.filter(origin__in=gone).delete()
    if new := wanted - there:
        rows = [ClientOrigin(client=instance, origin=origin) for origin in sorted(new)]
        ClientOrigin.objects.bulk_create(rows, ignore_conflicts=True)
    forget()


def forget(**_: Any) -> None:
    """Ask the database at the next use (after a change in this process)."""
    with _lock:
        _known.clear()


setting_changed.connect(forget)
