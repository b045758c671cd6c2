"""One-time codes: HOTP (RFC 4226) and TOTP (RFC 6238), as pure functions."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable

SECRET_BYTES = 20
"""The length that RFC 4226 §4 recommends (R6): 160 bits."""
PERIOD_SECONDS = 30
"""The time step that RFC 6238 §5.2 recommends."""
WINDOW = 1
"""How many steps a code may be early or late (RFC 6238 §5.2)."""
MOST_DRIFT = 20
"""How many steps a clock may be known to be off: ten minutes at the usual period."""
ALGORITHMS = {"SHA1": hashlib.sha1, "SHA256": hashlib.sha256, "SHA512": hashlib.sha512}
"""The hash functions of RFC 6238 §1.2, by their names in ``otpauth`` addresses."""


def hotp(key: bytes, counter: int, *, digits: int = 6, algorithm: str = "SHA1") -> str:
    """The code of a counter (RFC 4226 §5.3)."""
    mac = hmac.new(key, counter.to_bytes(8, "big"), ALGORITHMS[algorithm]).digest()
    offset = mac[-1] & 0x0F
    number = int.from_bytes(mac[offset : offset + 4], "big") & 0x7FFFFFFF
    return str(number % 10**digits).zfill(digits)


def step_at(seconds: float, period: int = PERIOD_SECONDS) -> int:
    """The time step of a moment, given in seconds since 1970 (RFC 6238 §4.2)."""
    return int(seconds) // period


def totp(
    key: bytes,
    seconds: float,
    *,
    period: int = PERIOD_SECONDS,
    digits: int = 6,
    algorithm: str = "SHA1",
) -> str:
    """The code of a moment (RFC 6238 §4.2)."""
    return hotp(key, step_at(seconds, period), digits=digits, algorithm=algorithm)


def matching_step(
    key: bytes, code: str, steps: Iterable[int], *, digits: int = 6, algorithm: str = "SHA1"
) -> int | None:
    """The first of the steps whose code this is, ``None`` if it is that of none.

    It takes as long whichever step matches, and whether one does.
    """
    found: int | None = None
    typed = code.encode("utf-8", "surrogatepass")
    for step in steps:
        right = hotp(key, step, digits=digits, algorithm=algorithm).encode()
        if hmac.compare_digest(right, typed) and found is None:
            found = step
    return found
