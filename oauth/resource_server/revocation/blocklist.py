"""Revoked tokens by their ``jti``, in a cache that the issuer shares with its APIs."""

from __future__ import annotations

import hashlib

from django.core.cache import caches

KEY_PREFIX = "ostiary:blocklist:"
"""What the keys in the cache begin with; the ``jti_hash`` follows. What is there is revoked, and
goes when the token would have expired anyway."""

WHOLE = "ostiary:blocklist-whole"
"""The key under which the issuer says that all revoked tokens are there. It goes with them when the
cache is emptied, and is back once they are."""


def jti_hash(jti: str) -> str:
    """How a token is named: SHA-256 of its ``jti``, in hex."""
    return hashlib.sha256(jti.encode("utf-8", "surrogatepass")).hexdigest()


class NotWhole(Exception):
    """The list lacks what it had: the cache was emptied, or is away."""


class Blocklist:
    """The list as one API reads it. Safe to use from many threads."""

    def __init__(self, alias: str) -> None:
        self._alias = alias
        self._was_whole = False

    def is_revoked(self, jti: str) -> bool:
        """Whether ``jti`` is on the list. Raises ``NotWhole`` where it is not, and may have been,
        or what the cache raises where it does not answer."""
        key = KEY_PREFIX + jti_hash(jti)
        found = caches[self._alias].get_many([key, WHOLE])
        if key in found:
            return True
        if WHOLE in found:
            self._was_whole = True
        elif self._was_whole:
            raise NotWhole
        return False
