"""What became of one record, or of somebody who is in no record any more."""

from __future__ import annotations

from dataclasses import dataclass, field

from .person import Person, Refused
from .reading import Entry

IMPORTED, UPDATED, MERGED, HERE = "imported", "updated", "merged", "here"
REFUSED, ABSENT, SWITCHED_OFF = "refused", "absent", "switched_off"
ALL = (IMPORTED, UPDATED, MERGED, HERE, REFUSED, ABSENT, SWITCHED_OFF)


@dataclass
class Outcome:
    """One of the words above, and why. ``notes`` tell what stays behind, ``changes`` which fields
    of the account are others now. ``record`` and ``line`` count from 1."""

    outcome: str
    external_id: str = ""
    file: str = ""
    record: int | None = None
    line: int | None = None
    reason: str = ""
    text: str = ""
    has_password: bool = False
    changes: list[str] = field(default_factory=list)
    notes: list[tuple[str, str]] = field(default_factory=list)


def refused(entry: Entry, why: Refused) -> Outcome:
    """Somebody who is not taken over."""
    return Outcome(
        REFUSED, entry.external_id, entry.file, entry.number, entry.line, why.reason, str(why)
    )


def done(outcome: str, entry: Entry, person: Person) -> Outcome:
    """Somebody who is."""
    told = Outcome(outcome, person.external_id, entry.file, entry.number, entry.line)
    told.has_password, told.notes = bool(person.password), person.notes
    return told
