"""Whom operators and commands mean by an address, on any user model."""

from __future__ import annotations

from typing import Any

from .email_addresses import people_with


class NotOne(Exception):
    """Nobody has the address, or several people have."""


def person_of(address: str) -> Any:
    """The person of this address, in any case. Raises ``NotOne``."""
    found = people_with(address)
    if len(found) != 1:
        raise NotOne("Several people have this address." if found else "Nobody has it.")
    return found[0]
