"""A person as another system knows them."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterable, Mapping
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

TRUE = frozenset(["true", "t", "yes", "y", "1", "wahr", "vrai", "verdadero", "verdadeiro", "vero"])
FALSE = frozenset(["false", "f", "no", "n", "0", "falsch", "faux", "falso"])
"""As programs write it, PostgreSQL (``t``), and Excel in the languages that it translates it to."""

_TIME = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:.*)?", re.ASCII)


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
    email_verified: bool = False
    is_active: bool = True
    is_deleted: bool = False
    """Whether the other system keeps no more of them than the id."""
    password: str = ""
    password_ended: bool = False
    """Whether the other system says that no password of theirs works there, or one that can't be
    taken over: not merely that it tells of none."""
    claims: dict[str, Any] = field(default_factory=dict)
    groups: list[str] = field(default_factory=list)
    joined: datetime | None = None
    notes: list[tuple[str, str]] = field(default_factory=list)
    """What is not taken over, each as a reason and a sentence."""

    @property
    def uuid(self) -> uuid.UUID | None:
        """The id, if it is one that an account here can have."""
        try:
            return uuid.UUID(self.external_id)
        except ValueError:
            return None

    def note(self, reason: str, text: str) -> None:
        """Tell that something of this person stays behind."""
        self.notes.append((reason, text))

    def take_password(self, make: Callable[[], str]) -> None:
        """Keep the hash that ``make`` gives; one that is refused is noted."""
        try:
            self.password = make()
        except HashRefused as why:
            self.end_password(str(why))

    def end_password(self, text: str) -> None:
        """No password is taken over, and none that came before is to work on; tell why."""
        self.password, self.password_ended = "", True
        self.note("password_left", text)

    def take_verified(self, record: Mapping[str, Any], key: str) -> None:
        """Whether the address is verified: told by yes or no, or by the time at which it was."""
        try:
            self.email_verified = _is_time(record.get(key)) or truth(record, key, default=False)
        except Refused as why:
            self.note("claim_left", f"{why} The address counts as not verified.")

    def take_claims(
        self,
        record: Mapping[str, Any],
        names: Mapping[str, str],
        *,
        keys: Iterable[str] = CLAIMS,
    ) -> None:
        """Keep the standard claims of a record: those of the same name, and those that ``names``
        maps, from the record's key to the claim.

        Of several values the first counts. What is odd is noted, and the others are kept.
        """
        for key, claim in {**{key: key for key in keys}, **names}.items():
            try:
                values = texts(record, key)
            except Refused as why:
                self.note("claim_left", str(why))
            else:
                if values:
                    self.claims[claim] = values[0]

    def take_whole_name(self) -> None:
        """Make a name of its parts, where none is told."""
        parts = (self.claims[key] for key in ("given_name", "family_name") if key in self.claims)
        if whole := " ".join(parts):
            self.claims.setdefault("name", whole)

    def inside(self, record: Mapping[str, Any], key: str) -> dict[str, Any]:
        """An object in the object; empty if there is none. What is none is noted."""
        value = record.get(key)
        if value is not None and not isinstance(value, dict):
            self.note("claim_left", f"“{key}” isn't an object.")
        return value if isinstance(value, dict) else {}

    def those_inside(self, record: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
        """The objects of a list. What is none is noted."""
        value = record.get(key)
        listed = value if isinstance(value, list) else [] if value is None else [value]
        found = [item for item in listed if isinstance(item, dict)]
        if len(found) < len(listed):
            self.note("claim_left", f"“{key}” isn't a list of objects.")
        return found

    def texts_inside(self, record: Mapping[str, Any], key: str) -> list[str]:
        """A list of texts; one alone may stand without a list. What is none is noted."""
        try:
            return texts(record, key)
        except Refused as why:
            self.note("claim_left", str(why))
            return []


def text(record: Mapping[str, Any], key: str) -> str:
    """What stands there, as text without surrounding space; empty if nothing does.

    Raises ``Refused`` for anything else, and for what no database stores alike.
    """
    value = record.get(key)
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise Refused("malformed", f"“{key}” isn't text.")
    found = str(value).strip()
    if CONTROL.search(found):
        raise Refused("malformed", f"“{key}” contains control characters.")
    return found


def id_in(record: Mapping[str, Any], *keys: str) -> str:
    """The first id that stands under one of the keys; empty if there is none."""
    for key in keys:
        try:
            if found := text(record, key):
                return found
        except Refused:
            continue
    return ""


def truth(record: Mapping[str, Any], key: str, *, default: bool) -> bool:
    """What stands there as yes or no, also as text. Raises ``Refused`` for anything else."""
    value = record.get(key)
    if value is None or value == "":
        return default
    if isinstance(value, bool):
        return value
    word = str(value).strip().lower()
    if word in TRUE:
        return True
    if word in FALSE:
        return False
    raise Refused("malformed", f"“{key}” is neither true nor false.")


def _is_time(value: object) -> bool:
    return isinstance(value, str) and bool(_TIME.fullmatch(value.strip()))


def texts(record: Mapping[str, Any], key: str) -> list[str]:
    """A list of texts; one alone may stand without a list. Raises ``Refused``."""
    value = record.get(key)
    listed = value if isinstance(value, list) else [] if value is None else [value]
    return [found for item in listed if (found := text({key: item}, key))]


def milliseconds(record: Mapping[str, Any], key: str) -> datetime | None:
    """A time in milliseconds since 1970; ``None`` if there is none, or one that can't be."""
    value = id_in(record, key)
    if not re.fullmatch(r"[0-9]{1,14}", value, re.ASCII):
        return None
    return datetime.fromtimestamp(int(value) / 1000, UTC)


def moment(record: Mapping[str, Any], key: str) -> datetime | None:
    """A time as ISO 8601 or PostgreSQL writes it; ``None`` if there is none with a time zone."""
    value = record.get(key)
    try:
        when = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return when if when and when.tzinfo else None
