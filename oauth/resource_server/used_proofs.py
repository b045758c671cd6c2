"""Which DPoP proofs were used (RFC 9449 §11.1), in a cache that may be emptied."""

from __future__ import annotations

import time

from django.core.cache import caches

from . import dpop

KEY_PREFIX = "ostiary:dpop:"
SINCE = "ostiary:dpop-since"
"""Holds since when the cache remembers: it goes with all else when that is emptied."""


class Forgotten(Exception):
    """Whether the proof was used before can't be told."""


class UsedProofs:
    """The used proofs of one API. Safe to use from many threads.

    A cache that comes back empty no longer knows what was used. Whoever has known it before notices
    by the time that it holds, and takes no proof that may have been used until then.
    """

    def __init__(self, alias: str) -> None:
        self._alias = alias
        self._since: float | None = None

    def first_use(self, proof: dpop.Proof) -> bool:
        """Whether it is used for the first time; from now on it has been. Raises ``Forgotten``, or
        what the cache raises where it does not answer."""
        cache = caches[self._alias]
        since = cache.get(SINCE)
        if since is None:
            cache.add(SINCE, time.time(), None)
            since = cache.get(SINCE)
        if since is None:  # some caches answer so while their server is away
            raise Forgotten
        if self._since is None:
            self._since = since
        # The iat of a proof that was used then may be so far ahead.
        if since != self._since and proof.iat <= since + dpop.IAT_SECONDS:
            raise Forgotten
        key = KEY_PREFIX + dpop.ath(proof.identifier)
        if cache.add(key, 1, 2 * dpop.IAT_SECONDS + 1):
            return True
        if cache.get(key) is None:
            raise Forgotten
        return False
