"""What is fetched from the issuer and kept, so that a request costs no question of its own."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic
from typing import Generic, TypeVar

from .errors import Unavailable
from .fetch import FetchError

log = logging.getLogger(__name__)

RETRY_SECONDS = 30.0
"""So often, at most, is asked again: for what is not known, or after a failure."""
COLD_RETRY_SECONDS = 5.0
"""The same while there is nothing usable to fall back on."""

T = TypeVar("T")


@dataclass(frozen=True)
class Fetched(Generic[T]):
    """An answer: for how many seconds it is taken without asking again, and for how many it serves
    while nothing newer can be had."""

    value: T
    fresh_seconds: float
    usable_seconds: float


class Kept(Generic[T]):
    """The newest answer to one question. Safe to use from many threads."""

    def __init__(self, ask: Callable[[], Fetched[T]]) -> None:
        """``ask`` raises ``FetchError`` or ``ValueError`` where there is no answer."""
        self._ask = ask
        self._lock = threading.Lock()
        self._held: tuple[Fetched[T], float] | None = None
        self._asked_at = float("-inf")

    def current(self) -> T:
        """The answer, asked for anew once it isn't fresh. Raises ``Unavailable``.

        One thread asks. The others take what there is, and wait only where there is nothing.
        """
        held = self._held
        if held is not None:
            fetched, at = held
            age = monotonic() - at
            if age < fetched.fresh_seconds:
                return fetched.value
            if age < fetched.usable_seconds:
                if self._lock.acquire(blocking=False):
                    try:
                        self._renew()
                    finally:
                        self._lock.release()
                return self._usable()
        return self.renewed()

    def held(self) -> T | None:
        """The newest answer, however old. Asks nobody."""
        held = self._held
        return None if held is None else held[0].value

    def renewed(self) -> T:
        """The answer, asked for anew unless that was tried just now. Raises ``Unavailable``."""
        with self._lock:
            self._renew()
        return self._usable()

    def _renew(self) -> None:
        """Ask (the lock is held): one that waited for it finds that it was asked just now."""
        now = monotonic()
        wait = COLD_RETRY_SECONDS if self._value() is None else RETRY_SECONDS
        if now - self._asked_at < wait:
            return
        self._asked_at = now
        try:
            self._held = self._ask(), now
        except (FetchError, ValueError, RecursionError) as problem:
            log.warning("no answer from the token issuer: %s", problem)

    def _value(self) -> Fetched[T] | None:
        held = self._held
        if held is None or monotonic() - held[1] >= held[0].usable_seconds:
            return None
        return held[0]

    def _usable(self) -> T:
        fetched = self._value()
        if fetched is None:
            raise Unavailable
        return fetched.value
