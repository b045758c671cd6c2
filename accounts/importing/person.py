"""A person as another system knows them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from .hashes import HashRefused

CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
"""What no name, address or id holds, and no database stores alike."""

CLAIMS = (
    "name",
    "given_name",
    "family_name",
    "middle_name",
    "nickname",
    "preferred_username",
    "profile",
    "picture",
    "website",
    "gender",
    "birthdate",
    "zoneinfo",
    "locale",
)
"""The standard claims that can be taken over (OIDC Core §5.1), as far as the user model has them.

Not the address, which has rules of its own, nor the number of a telephone, which nobody here has
seen the person answer.
"""


class Refused(Exception):
    """Someone who is not taken over. ``reason`` is a code for programs; the text says why."""

    def __init__(self, reason: str, text: str) -> None:
        super().__init__(text)
        self.reason = reason


@dataclass
class Person:
    """Someone to be taken over. ``password`` is a hash in Django's form, or empty."""

    external_id: str
    email: str
    email_verified: bool
    is_active: bool = True
    password: str = ""
    claims: dict[str, str] = field(default_factory=dict)
    groups: list[str] = field(default_factory=list)
    joined: datetime | None = None
    notes: list[tuple[str, str]] = field(default_factory=list)
    """What is not taken over, each as a reason and a sentence."""

    def note(self, reason: str, text: str) -> None:
        """Tell that something of this person stays behind."""
        self.notes.append((reason, text))

    def take_password(self, make: Callable[[], str]) -> None:
        """Keep the hash that ``make`` gives; one that is refused is noted."""
        try:
            self.password = make()
        except HashRefused as why:
            self.note("password_left", str(why))


def text(record: dict[str, Any], key: str) -> str:
    """What stands there, as text without surrounding space; empty if nothing does.

    Raises ``Refused`` for anything else, and for what no database stores alike.
    """
    value = record.get(key)
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise Refused("malformed", f"“{key}” is no text.")
    found = str(value).strip()
    if CONTROL.search(found):
        raise Refused("malformed", f"“{key}” holds control characters.")
    return found


def truth(record: dict[str, Any], key: str, *, default: bool) -> bool:
    """What stands there as yes or no, also as text. Raises ``Refused`` for anything else."""
    value = record.get(key)
    if value is None or value == "":
        return default
    if isinstance(value, bool):
        return value
    word = str(value).strip().lower()
    if word in ("true", "1", "yes"):
        return True
    if word in ("false", "0", "no"):
        return False
    raise Refused("malformed", f"“{key}” is neither true nor false.")


def texts(record: dict[str, Any], key: str) -> list[str]:
    """A list of texts; one alone may stand without a list. Raises ``Refused``."""
    value = record.get(key)
    listed = value if isinstance(value, list) else [] if value is None else [value]
    return [found for item in listed if (found := text({key: item}, key))]


def inner(record: dict[str, Any], key: str) -> dict[str, Any]:
    """An object in the object; empty if there is none. Raises ``Refused`` for anything else."""
    value = record.get(key)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise Refused("malformed", f"“{key}” is no object.")
    return value


def inners(record: dict[str, Any], key: str) -> list[dict[str, Any]]:
    """A list of objects. Raises ``Refused`` for anything else."""
    value = record.get(key)
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise Refused("malformed", f"“{key}” is no list of objects.")
    return value


def claims_in(
    record: dict[str, Any], names: dict[str, str], *, keys: Iterable[str] = CLAIMS
) -> dict[str, str]:
    """The standard claims of a record: those of the same name, and those that ``names`` maps.

    ``names`` is from the record's key to the claim. Of several values the first counts.
    """
    found = {}
    for key, claim in {**{key: key for key in keys}, **names}.items():
        if values := texts(record, key):
            found[claim] = values[0]
    return found


def milliseconds(record: dict[str, Any], key: str) -> datetime | None:
    """A time in milliseconds since 1970; ``None`` if there is none, or one that can't be."""
    value = text(record, key)
    if not re.fullmatch(r"[0-9]{1,14}", value, re.ASCII):
        return None
    return datetime.fromtimestamp(int(value) / 1000, UTC)
