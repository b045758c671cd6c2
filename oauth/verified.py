"""Tokens whose signature was found good, so that one that is shown again costs no second look.

A signature that is good once is good for as long as its key is: what else there is to a token, its
times among it, is checked each time. Tokens are kept by their hash.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

MOST = 4096
T = TypeVar("T")


@dataclass(frozen=True, repr=False)
class Verified:
    """What a token says, and the key and header by which it was verified."""

    key: object
    kid: str
    alg: str
    typ: str
    claims: Mapping[str, Any]


class Memory(Generic[T]):
    """The tokens that this process verified last, at most ``most``. None gets in whose signature
    is not good, so nobody fills it with what they made up."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._kept: dict[bytes, T] = {}
        self._lock = threading.Lock()

    def find(self, token: str) -> T | None:
        """What is known of ``token``. The caller sees that its key is still one."""
        return self._kept.get(_name(token))

    def keep(self, token: str, found: T) -> None:
        """Remember a token that has just been verified, and forget the one known longest."""
        with self._lock:
            if len(self._kept) >= self._most:
                del self._kept[next(iter(self._kept))]
            self._kept[_name(token)] = found


def _name(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
