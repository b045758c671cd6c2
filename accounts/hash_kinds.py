"""What the hash of a password costs to compute, and which hashes a sign-in has computed.

Hashers note each here; ``even_work`` makes failed sign-ins cost the same by it.
"""

from __future__ import annotations

import secrets
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

USUAL = "usual"
"""The kind of hash that new passwords get."""

BCRYPT = ("bcrypt$", "bcrypt_sha256$")
"""Hashes in which salt and digest are one text."""

PBKDF2 = ("pb1", "pb256", "pb512")
"""Hashes whose rounds add up: what a cheaper one has taken less can be taken besides."""

SALT_BYTES, DIGEST_BYTES = 15, 18
"""Of a stand-in: the digest fits into one block of PBKDF2, since each block takes its time."""

_done: ContextVar[list[str] | None] = ContextVar("ostiary_hashes_done", default=None)


def kind_of(encoded: str) -> str:
    """What a hash costs to compute: its algorithm and parameters, without salt and digest."""
    salt_and_digest = 1 if encoded.startswith(BCRYPT) else 2
    return "$".join(encoded.split("$")[:-salt_and_digest])


def family_of(kind: str) -> str:
    """Kinds of one family differ in rounds alone: of them a failed sign-in costs the dearest."""
    algorithm = kind.partition("$")[0]
    return algorithm if algorithm in PBKDF2 else kind


def stand_in(kind: str) -> str:
    """A hash of this kind, of no password."""
    if kind.startswith(BCRYPT):
        return f"{kind}${'.' * 53}"
    sizes = SALT_BYTES, DIGEST_BYTES
    salt, digest = (b64encode(secrets.token_bytes(size)).decode() for size in sizes)
    return f"{kind}${salt}${digest}"


def note(kind: str) -> None:
    """Tell that a hash of this kind was computed (called by the hashers)."""
    done = _done.get()
    if done is not None:
        done.append(kind)


@contextmanager
def noted() -> Iterator[list[str]]:
    """The kinds of the hashes that are computed meanwhile, in order."""
    done: list[str] = []
    token = _done.set(done)
    try:
        yield done
    finally:
        _done.reset(token)
