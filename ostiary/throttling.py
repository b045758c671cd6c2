"""Throttling: how often something may be tried, by whom and from where.

One vocabulary: ``throttle("signin", ip=..., user=...)`` spends a try of the limits of that name
whose keys are given, and raises ``Throttled`` at the first that is used up. Each window is counted
by one atomic increment, so that a burst of parallel tries passes exactly the limit (SECURITY C2,
H4). A try that is refused spends nothing of the limits after the one that refused it: narrow
limits stand first, so that whoever has used up their own can't use up another's.

Who checks a secret spends a try before looking at it, and gives it back with ``refund`` if it was
right, so that only wrong ones count::

    tries = {
        "ip": client_ip(request),
        "user": identifier,
        "device": known_device.name_for(request, identifier),
    }
    throttle("signin", **tries)
    if check(...):
        refund("signin", **tries)

A ``device`` that the person is known to use is counted alone, and spends nothing that strangers
can spend (SECURITY H5; see ``known_device``).

Call it outside ``transaction.atomic``: a rolled-back transaction would take the count back.
"""

from __future__ import annotations

import functools
import hashlib
import hmac
import logging
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from django.core.signals import setting_changed
from django.db import connection
from limits import RateLimitItem, parse_many
from limits.errors import StorageError
from limits.storage import MemoryStorage, Storage, storage_from_string

from .client_address import network_of
from .conf import ostiary_settings
from .email_addresses import rate_limit_key
from .encryption import ring
from .models import ThrottleCounter

log = logging.getLogger(__name__)

T = TypeVar("T")

# Several windows of one key make a wait that grows by an order with persistence: ten minutes, an
# hour, a day. A slip costs minutes, and a night of guessing gets no further than the day's window
# lets it. None shuts a person out of a device of theirs, or stands in the way of a passkey or a
# reset link.
DEFAULT_LIMITS: dict[str, dict[str, str]] = {
    "signin": {
        "device": "50/10minutes; 75/hour; 100/day",
        "pair": "50/10minutes; 75/hour; 100/day",
        "ip": "200/10minutes; 400/hour; 1000/day",
        "user": "100/10minutes; 150/hour; 200/day",
    },
    "second_factor": {  # wrong codes over all of a person's factors together
        "device": "20/10minutes; 60/day",
        "user": "10/10minutes; 30/hour; 60/day",
    },
    "signin_confirm": {"client": "5/hour"},  # tries of one mailed code
    "signin_confirm_mail": {"user": "10/hour"},
    "signup": {"ip": "60/hour", "user": "5/hour"},
    "signup_code": {"ip": "200/hour"},  # each code has tries of its own
    "email_change": {"ip": "60/hour", "user": "10/day"},
    "recovery": {"device": "5/hour", "ip": "60/hour", "user": "5/hour"},
    "factor_recovery": {"device": "5/hour", "ip": "60/hour", "user": "5/hour"},
    "strength": {"ip": "60/minute"},
    "code": {"device": "10/hour", "pair": "5/hour", "ip": "60/hour", "user": "20/hour"},
    "sms": {
        "session": "5/hour",
        "user": "5/hour; 10/day",
        "number": "5/hour; 10/day",
        "ip": "20/hour; 60/day",
        "country": "100/hour; 500/day",
    },
    "email_code": {"session": "5/hour", "user": "10/hour; 20/day"},
    "passkey": {"ip": "1200/10minutes"},  # each is a row, and each sign-in page asks for one
    "device_authorization": {"ip": "120/hour"},
    "user_code": {"ip": "60/hour", "user": "20/hour; 60/day"},
    "workload_refused": {"client": "60/hour"},  # so many are told to the log, of each issuer
    "par": {"ip": "600/hour"},
    "long_request": {"ip": "1200/10minutes"},  # each is a row, for an hour
    "registration": {"ip": "60/hour"},
    "registration_change": {"client": "60/hour", "ip": "600/hour"},
    "client_id_metadata": {"client": "120/minute"},
    "export": {"user": "5/day"},
    "picture": {"user": "30/hour"},  # each is decoded
    "receipt": {"ip": "60/hour"},
    "token": {"ip": "120/minute", "client": "120/minute"},
}
KEYS = ("ip", "user", "session", "device", "number", "country", "client", "pair", "global")

STORAGE_PAUSE_SECONDS = 15
_making = threading.Lock()
_storage_paused_until = 0.0


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
        """Count, and start a new window where the last has passed."""
        return self.incr_all({key: expiry}, amount)[key]

    def incr_all(self, expiries: dict[str, int], amount: int = 1) -> dict[str, int]:
        """The same for several keys, each with the seconds of its window: one statement."""
        now, first = time.time(), max(amount, 0)
        table = connection.ops.quote_name(ThrottleCounter._meta.db_table)
        rows = ", ".join(["(%s, %s, %s)"] * len(expiries))
        # In one order, so that no two who count the same wait for each other.
        values = [v for key in sorted(expiries) for v in (key, first, now + expiries[key])]
        with connection.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO {table} (key, hits, expires_at) VALUES {rows} "  # noqa: S608
                "ON CONFLICT (key) DO UPDATE SET "
                f"hits = CASE WHEN {table}.expires_at <= %s THEN %s "
                f"WHEN {table}.hits + %s < 0 THEN 0 ELSE {table}.hits + %s END, "
                f"expires_at = CASE WHEN {table}.expires_at <= %s THEN excluded.expires_at "
                f"ELSE {table}.expires_at END RETURNING key, hits",
                [*values, now, first, amount, amount, now],
            )
            return {key: int(hits) for key, hits in cursor.fetchall()}

    def get(self, key: str) -> int:
        """Hits in the window that runs now."""
        return self.get_all([key])[0]

    def get_all(self, keys: list[str]) -> list[int]:
        """The same of several: one statement."""
        live = ThrottleCounter.objects.filter(key__in=keys, expires_at__gt=time.time())
        found = dict(live.values_list("key", "hits"))
        return [found.get(key, 0) for key in keys]

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


class InProcessStorage(MemoryStorage):
    """The library's counters in memory, under one lock: alone, theirs may miss a parallel try."""

    STORAGE_SCHEME: list[str] | None = None  # type: ignore[assignment]  # theirs stays

    def __init__(self) -> None:
        self._counting = threading.RLock()
        super().__init__()

    def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        """Count; returns which try in the window this is."""
        with self._counting:
            return super().incr(key, expiry, amount)

    def get(self, key: str) -> int:
        """Tries in the window that runs now."""
        with self._counting:
            return super().get(key)


def storage_at(uri: str) -> Storage:
    """The counters at this address. Raises ``ConfigurationError`` for a kind we don't have."""
    with _making:  # two threads that start at once must not count in a memory of their own each
        return _made(uri)


@functools.cache
def _made(uri: str) -> Storage:
    if uri.startswith("memory:"):
        return InProcessStorage()
    options: dict[str, Any] = {}
    if uri.startswith("redis"):
        options = {"socket_connect_timeout": 1, "socket_timeout": 1}
    storage = storage_from_string(uri, wrap_exceptions=True, **options)
    if not isinstance(storage, Storage):
        raise TypeError(f"{uri} is an asynchronous storage")
    return storage


def _with_storage(count: Callable[[Storage], T]) -> T:
    """Count in the storage of the settings; while that is down, in our own table.

    So a dead Redis neither lets anybody guess without limit nor keeps people from signing in: what
    it costs is that each budget may be spent once more (SECURITY G4).
    """
    global _storage_paused_until
    if time.monotonic() >= _storage_paused_until:
        try:
            return count(storage_at(ostiary_settings.THROTTLE_STORAGE))
        except StorageError as error:
            _storage_paused_until = time.monotonic() + STORAGE_PAUSE_SECONDS
            log.error("The throttle storage is down (%s): counting in the database.", error)
    return count(storage_at("database://"))


def limits_of(name: str) -> dict[str, str]:
    """The limits of ``name`` by key. Raises ``KeyError`` for a name that nobody declared."""
    return {**DEFAULT_LIMITS[name], **ostiary_settings.THROTTLES.get(name, {})}


@functools.cache
def windows(text: str) -> tuple[RateLimitItem, ...]:
    """The windows of a limit such as ``"10/minute; 100/day"``. Raises ``ValueError``."""
    return tuple(parse_many(text))


def _subjects(name: str, keys: dict[str, str]) -> dict[str, str]:
    given = {key: rate_limit_key(value) for key, value in keys.items() if value}
    if "device" in given and "device" in limits_of(name):
        # The device's name is random, and the person's alone.
        return {"device": keys["device"], "global": "*"}
    if "ip" in given:
        given["ip"] = network_of(given["ip"])
    if "ip" in given and "user" in given:
        given["pair"] = f"{given['ip']} {given['user']}"
    return {**given, "global": "*"}


def _counters(
    name: str, keys: dict[str, str], *, only: str = ""
) -> Iterator[tuple[RateLimitItem, str]]:
    """Each window that a try counts in, with the name of its counter, which tells nothing.

    With ``only``, those of this key.
    """
    subjects = _subjects(name, keys)
    for key, text in limits_of(name).items():
        if key not in subjects or key != (only or key):
            continue
        for window in windows(text):
            yield window, _counter_of(f"{name} {key} {window} {subjects[key]}")


def throttle(name: str, **keys: str) -> None:
    """Spend one try. Raises ``Throttled`` if that was one too many.

    Keys: ``ip`` (counted by network), ``user`` (what identifies the account, known or not),
    ``device`` (one of the person's own), ``session``, ``number``, ``country``, ``client``; ``pair``
    is made of ``ip`` and ``user``. Empty ones are not counted.
    """

    def spend(storage: Storage) -> None:
        for key in limits_of(name):
            windows_of_key = list(_counters(name, keys, only=key))
            if isinstance(storage, DatabaseStorage):
                _spend_at_once(storage, windows_of_key)
                continue
            for window, counter in windows_of_key:
                if storage.incr(counter, window.get_expiry()) > window.amount:
                    raise _throttled(storage, counter)

    _with_storage(spend)


def _spend_at_once(storage: DatabaseStorage, spent: list[tuple[RateLimitItem, str]]) -> None:
    """Spend a try of a key's windows by one statement; the wide ones get it back if a narrow one
    was used up. Raises ``Throttled``."""
    seconds = {counter: window.get_expiry() for window, counter in spent}
    hits = storage.incr_all(seconds) if seconds else {}
    for window, counter in spent:
        del seconds[counter]
        if hits[counter] > window.amount:
            if seconds:
                storage.incr_all(seconds, -1)
            raise _throttled(storage, counter)


def refund(name: str, **keys: str) -> None:
    """Give one try back: what turned out right was no guess. Earlier tries stay counted."""

    spent = {counter: window.get_expiry() for window, counter in _counters(name, keys)}

    def give_back(storage: Storage) -> None:
        if isinstance(storage, DatabaseStorage):
            storage.incr_all(spent, -1)  # below zero it does not count
            return
        for counter, seconds in spent.items():
            if storage.get(counter) > 0:
                storage.incr(counter, seconds, -1)

    _with_storage(give_back)


def count(seconds: int, *whats: str) -> list[int]:
    """Count one more of each in the window that runs, of ``seconds``; returns which each is.

    Atomic increments, so of parallel calls each gets a number of its own; in the database by one
    statement. They may hold what is personal or secret: a keyed hash of it is kept.
    """
    counters = [_counter_of(f"count {what}") for what in whats]

    def add(storage: Storage) -> list[int]:
        if isinstance(storage, DatabaseStorage):
            hits = storage.incr_all(dict.fromkeys(counters, seconds))
            return [hits[counter] for counter in counters]
        return [storage.incr(counter, seconds) for counter in counters]

    return _with_storage(add)


def counted(*whats: str) -> list[int]:
    """How many there are of each in the window that runs; in the database by one statement."""
    counters = [_counter_of(f"count {what}") for what in whats]

    return _with_storage(functools.partial(_hits, counters))


def pressure(name: str, user: str) -> float:
    """How much of the fullest window of a person's tries others have spent: 0 nothing, 1 all.

    In the database by one statement.
    """
    spent = list(_counters(name, {"user": user}, only="user"))
    hits = _with_storage(functools.partial(_hits, [counter for _, counter in spent]))
    shares = (n / window.amount for n, (window, _) in zip(hits, spent, strict=True))
    return max(shares, default=0.0)


def _hits(counters: list[str], storage: Storage) -> list[int]:
    if isinstance(storage, DatabaseStorage):
        return storage.get_all(counters)
    return [storage.get(counter) for counter in counters]


def _counter_of(what: str) -> str:
    secret = ring().derive("throttling")
    return hmac.new(secret, what.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()


def _throttled(storage: Storage, counter: str) -> Throttled:
    return Throttled(max(1, round(storage.get_expiry(counter) - time.time())))


def _forget(*, setting: str, **_: Any) -> None:
    global _storage_paused_until
    if setting == "OSTIARY":
        _made.cache_clear()
        _storage_paused_until = 0.0


setting_changed.connect(_forget)
