"""Identifiers (referred to by migrations, so this module keeps its name)."""

import secrets
import uuid

from uuid_utils.compat import uuid7 as _uuid7


def uuid7() -> uuid.UUID:
    """A new UUIDv7 (RFC 9562 §5.7): random, and sorting by the time it was made."""
    return _uuid7()


def random_name() -> str:
    """128 random bits in hex: a public name that no other has."""
    return secrets.token_hex(16)


def random_bigint() -> int:
    """63 random bits above zero: a key of a row whose model needs an integer one before saving."""
    return secrets.randbits(62) + 2**62


def random_user_handle() -> bytes:
    """64 random bytes: what authenticators know a person by (WebAuthn §14.6.1)."""
    return secrets.token_bytes(64)
