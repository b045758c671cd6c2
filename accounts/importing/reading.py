"""From files to people: each record with where it stands and whose it is, also if it is refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .formats import Format
from .person import Person, Refused
from .streams import Unreadable, as_utf8


@dataclass
class Entry:
    """One record: a person, or why there is none. ``number`` and ``line`` count from 1."""

    file: str
    number: int
    line: int | None
    external_id: str
    person: Person | None = None
    refused: Refused | None = None


@dataclass
class Reading:
    """How the operator wants files to be read.

    ``claims`` is from attributes of theirs to standard claims, ``columns`` from our columns to
    theirs; ``ignored`` are attributes that are passed over.
    """

    form: Format
    claims: dict[str, str] = field(default_factory=dict)
    columns: dict[str, str] = field(default_factory=dict)
    ignored: frozenset[str] = frozenset()
    unknown: set[str] = field(default_factory=set)
    """Columns of tables that nothing was made of."""

    def entries(self, path: Path, progress: Callable[[int], object]) -> Iterator[Entry]:
        """The records of a file; ``progress`` is told how far it is, in bytes.

        Raises ``OSError``, and ``Unreadable`` with what to do.
        """
        with path.open("rb") as file, closing(self.form.records(as_utf8(file))) as records:
            for number, (line, record) in enumerate(records, 1):
                if number == 1 and isinstance(record, dict):
                    self._judge_columns(record)
                yield self._entry(Entry(path.name, number, line, ""), record)
                progress(file.tell())

    def _entry(self, entry: Entry, record: Any) -> Entry:
        try:
            if not isinstance(record, dict):
                raise Refused("malformed", "The record isn't an object.")
            record = self._renamed(record)
            entry.external_id = self.form.external_id(record)
            entry.person = self.form.person(record, self.claims)
        except Refused as why:
            entry.refused = why
        return entry

    def _renamed(self, record: dict[str, Any]) -> dict[str, Any]:
        if not self.columns and not self.ignored:
            return record
        theirs = {*self.columns.values()} | self.ignored
        kept = {name: value for name, value in record.items() if name not in theirs}
        return kept | {ours: record[name] for ours, name in self.columns.items() if name in record}

    def _judge_columns(self, first: dict[str, Any]) -> None:
        """Raises ``Unreadable`` if a table lacks what it can't do without."""
        if not self.form.columns:
            return
        there = ", ".join(map(str, first))
        for ours, theirs in self.columns.items():
            if theirs not in first:
                raise Unreadable(f"--map {ours}={theirs}: there is no column {theirs!r}: {there}.")
        if "email" not in self._renamed(first):
            raise Unreadable(
                f"There is no column 'email': {there}. Name the email column with --map email=…"
            )
        self.unknown |= {*self._renamed(first)} - {*self.form.columns} - {*self.claims}
