"""What is known of all records before the first of them is taken over: who is in the files, and who
of several with one address is the one.
"""

from __future__ import annotations

import sqlite3
from typing import Any

from .person import Person, Refused

_TABLE = """
CREATE TABLE people (
    id TEXT PRIMARY KEY,
    address TEXT,
    verified INTEGER NOT NULL,
    active INTEGER NOT NULL,
    password INTEGER NOT NULL,
    deleted INTEGER NOT NULL DEFAULT 0,
    met INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID
"""
_BEST = "ORDER BY verified DESC, active DESC, password DESC, id LIMIT 1"
"""Of two with one address: whose it is for sure before who only says so, who may sign in before who
is switched off, who has a password before who has none; else the lower id, so that the order of the
files decides nothing."""

Rank = tuple[bool, bool, bool]
"""Verified, active, with a password."""


class Survey:
    """The people of all files, in a private temporary file once they are many."""

    def __init__(self) -> None:
        # An empty name: SQLite keeps it in memory as long as it is small, and deletes its file.
        self._database = sqlite3.connect("")
        self._database.execute(_TABLE)
        self._database.execute("CREATE INDEX by_address ON people (address)")

    def close(self) -> None:
        """Forget all."""
        self._database.close()

    def add_id(self, external_id: str, *, deleted: bool = False) -> None:
        """Somebody who can't be taken over, and is in the files all the same."""
        self._database.execute(
            "INSERT OR IGNORE INTO people (id, verified, active, password, deleted) "
            "VALUES (?, 0, 0, 0, ?)",
            [external_id, deleted],
        )

    def add(self, person: Person, address: str) -> None:
        """A record; several may tell of one person. ``address`` is the canonical form."""
        facts = (person.email_verified, person.is_active, bool(person.password))
        self._database.execute(
            "INSERT INTO people (id, address, verified, active, password) VALUES (?, ?, ?, ?, ?) "
            "ON CONFLICT (id) DO UPDATE SET "
            "address = coalesce(address, excluded.address), "
            "verified = max(verified, excluded.verified), "
            "active = min(active, excluded.active), password = max(password, excluded.password)",
            [person.external_id, address, *facts],
        )

    def meet(self, person: Person, address: str) -> bool:
        """Whether it is the person's first record. Raises ``Refused`` for someone whose address is
        another's, or was another in an earlier record."""
        [of_first, met] = self._row("address, met", "id = ?", person.external_id) or (None, 0)
        if of_first != address:
            raise Refused("duplicate", "The files have this id with another address, too.")
        [best] = self._row("id", f"address = ? {_BEST}", address) or (person.external_id,)
        if best != person.external_id:
            raise Refused("duplicate", f"“{best}” has the same address, and is imported instead.")
        self._database.execute("UPDATE people SET met = 1 WHERE id = ?", [person.external_id])
        return not met

    def rank(self, external_id: str) -> Rank:
        """What all records of someone who is in the files tell together."""
        row = self._row("verified, active, password", "id = ?", external_id) or (0, 0, 0)
        verified, active, password = map(bool, row)
        return verified, active, password

    def address_of(self, external_id: str) -> str | None:
        """The canonical address of somebody in the files; ``None`` if they aren't, or have none."""
        row = self._row("address", "id = ?", external_id)
        return str(row[0]) if row and row[0] is not None else None

    def has(self, external_id: str) -> bool:
        """Whether somebody is in the files."""
        return self._row("1", "id = ?", external_id) is not None

    def was_deleted(self, external_id: str) -> bool:
        """Whether the files tell of somebody that they were deleted."""
        row = self._row("deleted", "id = ?", external_id)
        return bool(row and row[0])

    def has_address(self, address: str) -> bool:
        """Whether somebody in the files has this address, in its canonical form."""
        return self._row("1", "address = ?", address) is not None

    def _row(self, columns: str, condition: str, value: str) -> tuple[Any, ...] | None:
        found: tuple[Any, ...] | None = self._database.execute(
            f"SELECT {columns} FROM people WHERE {condition}",  # noqa: S608
            [value],
        ).fetchone()
        return found
