"""Revoked tokens by their ``jti``, in a cache that the issuer shares with its APIs."""

from __future__ import annotations

import hashlib

from django.core.cache import caches

KEY = "ostiary:blocklist:{}"
"""With the SHA-256 of the ``jti``, in hex. What is there is revoked; it goes when the token would
have expired anyway."""


def key_of(jti: str) -> str:
    """The key under which a revoked ``jti`` stands."""
    return KEY.format(hashlib.sha256(jti.encode("utf-8", "surrogatepass")).hexdigest())


def is_revoked(jti: str, cache: str) -> bool:
    """Whether ``jti`` is on the list. Whatever the cache raises where it doesn't answer."""
    return caches[cache].get(key_of(jti)) is not None
