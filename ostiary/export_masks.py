"""A copy of one person's data says nothing of others (GDPR article 15(4))."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from . import all_addresses, privacy
from .email_addresses import canonical

MASKED = "[someone else]"

ADDRESS = re.compile(r"[^\s<>'\"(),;:]+@[^\s<>'\"(),;:]+")
PSEUDONYM = re.compile(r"[0-9a-f]{32}")
OF_OPERATORS = ("ip", "user_agent")
"""What an event has of the browser in which something was done: where that was an operator's, it is
no business of the person."""


class Mask:
    """Hides addresses that are not the person's, and what the log calls others by."""

    def __init__(self, user: Any) -> None:
        self._own = {canonical(address) for address in all_addresses.of(user)}
        self._pseudonym = privacy.pseudonym_of(user)

    def __call__(self, value: Any) -> Any:
        """The same without what is about others."""
        if isinstance(value, dict):
            return {name: self(each) for name, each in value.items()}
        if isinstance(value, list | tuple):
            return [self(each) for each in value]
        if not isinstance(value, str):
            return value
        if PSEUDONYM.fullmatch(value):
            return value if value == self._pseudonym else MASKED
        return ADDRESS.sub(self._address, value)

    def _address(self, found: re.Match[str]) -> str:
        text = found[0]
        return text if canonical(text.rstrip(".!?")) in self._own else MASKED

    def own(self, addresses: Iterable[str]) -> list[str]:
        """Those of the addresses that are the person's."""
        return [each for each in addresses if canonical(each) in self._own]


def circumstances(details: dict[str, Any], told: dict[str, Any]) -> dict[str, Any]:
    """What an event has of the person, without the browser of an operator who did it."""
    if "operator" not in details:
        return told
    return {name: value for name, value in told.items() if name not in OF_OPERATORS}
