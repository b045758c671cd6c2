"""Password hashing that can't be used as a weapon (SECURITY H16)."""

from __future__ import annotations

import os
import unicodedata
from threading import BoundedSemaphore

from django.contrib.auth.hashers import Argon2PasswordHasher

from . import hash_kinds


def _cores() -> int:
    """How many cores this process may use, which on a shared machine are not all."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


# Argon2id takes 100 MiB and a core each time: as many at once as there are cores, and the rest
# waits, so that a flood of sign-ins costs time and not memory.
turns = BoundedSemaphore(_cores())


def normalize_password(password: str) -> str:
    """The same password typed on another keyboard is the same password (NIST SP 800-63B-4)."""
    return unicodedata.normalize("NFC", password)


def spellings(password: str) -> list[str]:
    """What a hash that others have made may be of: the password in its normal form, and as it was
    typed, where that is another text."""
    return list(dict.fromkeys((normalize_password(password), password)))


class BoundedArgon2PasswordHasher(Argon2PasswordHasher):
    """Argon2id of the password's normal form, at most one computation per core at a time in each
    process."""

    def encode(self, password: str, salt: str) -> str:
        """Hash a password, when its turn comes."""
        with turns:
            hash_kinds.note(hash_kinds.USUAL)
            return super().encode(normalize_password(password), salt)

    def verify(self, password: str, encoded: str) -> bool:
        """Check a password, when its turn comes."""
        kind = self.kind(encoded)
        # What has other costs than ours may be from elsewhere, where nobody normalised.
        texts = spellings(password) if kind != hash_kinds.USUAL else [normalize_password(password)]
        fits = []
        for text in texts:  # each of them, so that the time doesn't tell which it was
            with turns:
                hash_kinds.note(kind)
                fits.append(super().verify(text, encoded))
        return any(fits)

    def kind(self, encoded: str) -> str:
        """What it costs: an imported hash may have other parameters than ours."""
        params, ours = self.decode(encoded)["params"], self.params()
        costs = ("type", "memory_cost", "time_cost", "parallelism")
        usual = all(getattr(params, cost) == getattr(ours, cost) for cost in costs)
        return hash_kinds.USUAL if usual else hash_kinds.kind_of(encoded)
