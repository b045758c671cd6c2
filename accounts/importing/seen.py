"""Remembers what a file has held already, on disk once it is much."""

from __future__ import annotations

import hashlib
import sqlite3


class Seen:
    """A set of texts, of which only digests are kept, in a private temporary file."""

    def __init__(self) -> None:
        # An empty name: SQLite keeps it in memory as long as it is small, and deletes its file.
        self._database = sqlite3.connect("")
        self._database.execute("CREATE TABLE seen (digest BLOB PRIMARY KEY) WITHOUT ROWID")

    def close(self) -> None:
        """Forget all."""
        self._database.close()

    def add(self, text: str) -> bool:
        """Remember; whether it is new."""
        digest = hashlib.sha256(text.encode()).digest()[:16]
        added = self._database.execute("INSERT OR IGNORE INTO seen VALUES (?)", [digest])
        return added.rowcount == 1
