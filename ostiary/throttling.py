"""Throttling: how often something may be tried, by whom and from where.

One vocabulary: ``throttle("signin", ip=..., user=...)`` spends a try of every limit of that name
whose keys are given, and raises ``Throttled`` when one is used up. Each window is counted by one
atomic increment, so that a burst of parallel tries passes exactly the limit (SECURITY C2, H4).

Call it outside ``transaction.atomic``: a rolled-back transaction would take the count back.
"""

from __future__ import annotations

import functools
import hashlib
import hmac
import logging
import time
import unicodedata
from collections.abc import Iterator
from typing import Any

from django.core.signals import setting_changed
from django.db import connection
from limits import RateLimitItem, parse_many
from limits.errors import StorageError
from limits.storage import Storage, storage_from_string

from .client_address import network_of
from .conf import ostiary_settings
from .encryption import ring
from .models import ThrottleCounter

logger = logging.getLogger(__name__)

# Several windows of one key make a limit that tightens with persistence: a slip costs a minute,
# a night of guessing gets no further than the longest window lets it. No window shuts a person out
# for good, and none stands in the way of a passkey or a reset link.
DEFAULT_LIMITS: dict[str, dict[str, str]] = {
    "signin": {
        "pair": "10/minute; 20/10minutes; 50/day",
        "user": "50/10minutes; 200/day",
        "ip": "200/10minutes; 1000/day",
    },
    "signup": {"ip": "60/hour", "user": "5/hour"},
    "recovery": {"ip": "60/hour", "user": "5/hour"},
    "resend": {"ip": "60/hour", "user": "5/hour"},
    "code": {"pair": "10/10minutes", "ip": "100/10minutes"},
    "token": {"ip": "120/minute", "client": "120/minute"},
}
KEYS = ("ip", "user", "number", "country", "client", "pair", "global")

# Where a try is a guess at a secret, a dead counter must not mean endless guesses (SECURITY G4).
GUESSING = frozenset({"signin", "recovery", "code", "token"})
STORAGE_DOWN_RETRY_SECONDS = 30


class Throttled(Exception):
    """Too many tries. ``retry_after`` says in how many seconds to come back."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"retry after {retry_after} s")
        self.retry_after = retry_after


class DatabaseStorage(Storage):
    """Counters in our own table, for sites without Redis (URI ``database://``)."""

    STORAGE_SCHEME = ["database"]

    @property
    def base_exceptions(self) -> type[Exception] | tuple[type[Exception], ...]:
        """None are wrapped: without its database the site is down anyway."""
        return ()

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Count, and start a new window where the last has passed: one statement."""
        now = time.time()
        table = connection.ops.quote_name(ThrottleCounter._meta.db_table)
        with connection.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO {table} (key, hits, expires_at) VALUES (%s, %s, %s) "  # noqa: S608
                "ON CONFLICT (key) DO UPDATE SET "
                f"hits = CASE WHEN {table}.expires_at <= %s THEN %s "
                f"ELSE {table}.hits + %s END, "
                f"expires_at = CASE WHEN {table}.expires_at <= %s THEN %s "
                f"ELSE {table}.expires_at END RETURNING hits",
                [key, max(amount, 0), now + expiry, now, max(amount, 0), amount, now, now + expiry],
            )
            return int(cursor.fetchone()[0])

    def get(self, key: str) -> int:
        """Hits in the window that runs now."""
        live = ThrottleCounter.objects.filter(key=key, expires_at__gt=time.time())
        return live.values_list("hits", flat=True).first() or 0

    def get_expiry(self, key: str) -> float:
        """When the window ends, in seconds since 1970."""
        found = ThrottleCounter.objects.filter(key=key).values_list("expires_at", flat=True)
        return found.first() or time.time()

    def check(self) -> bool:
        """The database is there, or nothing is."""
        return True

    def reset(self) -> int | None:
        """Forget every count."""
        return ThrottleCounter.objects.all().delete()[0]

    def clear(self, key: str) -> None:
        """Forget one count."""
        ThrottleCounter.objects.filter(key=key).delete()


@functools.cache
def _storage_at(uri: str) -> Storage:
    options: dict[str, Any] = {}
    if uri.startswith("redis"):
        options = {"socket_connect_timeout": 1, "socket_timeout": 1}
    storage = storage_from_string(uri, wrap_exceptions=True, **options)
    if not isinstance(storage, Storage):
        raise TypeError(f"{uri} is an asynchronous storage")
    return storage


def limits_of(name: str) -> dict[str, str]:
    """The limits of ``name`` by key. Raises ``KeyError`` for a name that nobody declared."""
    return {**DEFAULT_LIMITS[name], **ostiary_settings.THROTTLES.get(name, {})}


@functools.cache
def _windows(text: str) -> tuple[RateLimitItem, ...]:
    return tuple(parse_many(text))


def _normal(value: str) -> str:
    """Twins that people can't tell apart are counted together."""
    return unicodedata.normalize("NFKC", value).strip().casefold()


def _subjects(keys: dict[str, str]) -> dict[str, str]:
    given = {name: _normal(value) for name, value in keys.items() if value}
    if "ip" in given:
        given["ip"] = network_of(given["ip"])
    if "ip" in given and "user" in given:
        given["pair"] = f"{given['ip']} {given['user']}"
    return {**given, "global": "*"}


def _counters(name: str, keys: dict[str, str]) -> Iterator[tuple[RateLimitItem, str]]:
    """Each window that a try counts in, with the name of its counter, which tells nothing."""
    secret = ring().derive("throttling")
    subjects = _subjects(keys)
    for key, text in limits_of(name).items():
        if key not in subjects:
            continue
        for window in _windows(text):
            label = f"{name} {key} {window} {subjects[key]}".encode()
            yield window, hmac.new(secret, label, hashlib.sha256).hexdigest()


def throttle(name: str, **keys: str) -> None:
    """Spend one try. Raises ``Throttled`` if that was one too many.

    Keys: ``ip`` (counted by network), ``user`` (what identifies the account, known or not),
    ``number``, ``country``, ``client``; ``pair`` is made of ``ip`` and ``user``.
    """
    storage = _storage_at(ostiary_settings.THROTTLE_STORAGE)
    worst = 0.0
    try:
        for window, counter in _counters(name, keys):
            if storage.incr(counter, window.get_expiry()) > window.amount:
                worst = max(worst, storage.get_expiry(counter) - time.time())
    except StorageError:
        _storage_down(name)
        return
    if worst > 0:
        raise Throttled(max(1, round(worst)))


def peek(name: str, **keys: str) -> None:
    """Raise ``Throttled`` if a further try would be one too many; spend nothing."""
    storage = _storage_at(ostiary_settings.THROTTLE_STORAGE)
    worst = 0.0
    try:
        for window, counter in _counters(name, keys):
            if storage.get(counter) >= window.amount:
                worst = max(worst, storage.get_expiry(counter) - time.time())
    except StorageError:
        _storage_down(name)
        return
    if worst > 0:
        raise Throttled(max(1, round(worst)))


def refund(name: str, **keys: str) -> None:
    """Give one try back: what turned out right was no guess. Earlier tries stay counted."""
    storage = _storage_at(ostiary_settings.THROTTLE_STORAGE)
    try:
        for window, counter in _counters(name, keys):
            if storage.get(counter) > 0:
                storage.incr(counter, window.get_expiry(), -1)
    except StorageError:
        logger.warning("The throttle storage does not answer; a try was not given back.")


def _storage_down(name: str) -> None:
    """Closed for guessing, open for the rest (SECURITY G4)."""
    logger.error("The throttle storage does not answer.", extra={"throttle": name})
    if name in GUESSING:
        raise Throttled(STORAGE_DOWN_RETRY_SECONDS)


def _forget(*, setting: str, **_: Any) -> None:
    if setting == "OSTIARY":
        _storage_at.cache_clear()


setting_changed.connect(_forget)
