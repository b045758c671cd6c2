"""Revoked tokens by their ``jti``, in a cache that the issuer shares with its APIs."""

from __future__ import annotations

import hashlib

from django.core.cache import caches

KEY_PREFIX = "ostiary:blocklist:"
"""What the keys in the cache begin with; the ``jti_hash`` follows. What is there is revoked, and
goes when the token would have expired anyway."""


def jti_hash(jti: str) -> str:
    """How a token is named: SHA-256 of its ``jti``, in hex."""
    return hashlib.sha256(jti.encode("utf-8", "surrogatepass")).hexdigest()


def is_revoked(jti: str, cache: str) -> bool:
    """Whether ``jti`` is on the list. Raises what the cache raises where it does not answer."""
    return caches[cache].get(KEY_PREFIX + jti_hash(jti)) is not None
