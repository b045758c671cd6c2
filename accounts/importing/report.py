"""What an import tells the operator: a line of progress, a summary, and a file of what was left."""

from __future__ import annotations

import json
import os
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import TextIO

from .people import Outcome


class Report:
    """A file of JSON lines, one for each person who was refused or of whom something stays behind.

    It names people by their id in the other system. No password, and no hash of one, is in it.
    Nobody but its owner may read it.
    """

    def __init__(self, path: Path | None) -> None:
        self._file: TextIO | None = None
        if path:
            flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
            self._file = os.fdopen(os.open(path, flags, 0o600), "w", encoding="utf-8")
            path.chmod(0o600)

    def __enter__(self) -> Report:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._file:
            self._file.close()

    def add(self, file: str, outcomes: Iterable[Outcome]) -> None:
        """Write what is to be told of some records."""
        if not self._file:
            return
        for outcome in outcomes:
            told: list[tuple[str, str]] = list(outcome.notes)
            if outcome.outcome == "refused":
                told.append((outcome.reason, outcome.text))
            for reason, text in told:
                line = {
                    "file": file,
                    "record": outcome.number,
                    "external_id": outcome.external_id,
                    "outcome": outcome.outcome,
                    "reason": reason,
                    "text": text,
                }
                self._file.write(json.dumps(line, ensure_ascii=False) + "\n")
        self._file.flush()


class Tally:
    """Counts what became of people, and shows it."""

    def __init__(self) -> None:
        self.outcomes: Counter[str] = Counter()
        self.reasons: Counter[str] = Counter()
        self.without_password = 0
        self._begun = time.monotonic()

    def add(self, outcomes: Iterable[Outcome]) -> None:
        """Count some records."""
        for outcome in outcomes:
            self.outcomes[outcome.outcome] += 1
            self.reasons.update({reason for reason, _ in outcome.notes} | {outcome.reason} - {""})
            if outcome.outcome == "imported" and not outcome.has_password:
                self.without_password += 1

    def progress(self, done: int, size: int) -> str:
        """One line: a bar over the bytes of all files, the people so far, and the rate."""
        share = min(done / size, 1) if size else 1
        people = self.outcomes.total()
        rate = people / max(time.monotonic() - self._begun, 0.001)
        bar = "█" * round(share * 20)
        return f"{bar:░<20} {share:4.0%}  {people:,} people, {rate:,.0f} a second"

    def summary(self, *, dry_run: bool) -> list[str]:
        """The lines at the end."""
        lines = [
            f"{'Would be imported' if dry_run else 'Imported'}: {self.outcomes['imported']:,}",
            f"{'Would be updated' if dry_run else 'Updated'}: {self.outcomes['updated']:,}",
            f"Here already: {self.outcomes['here']:,}",
            f"Refused: {self.outcomes['refused']:,}",
        ]
        lines += [f"  {reason}: {count:,}" for reason, count in sorted(self.reasons.items())]
        if self.without_password:
            lines.append(
                f"{self.without_password:,} of them have no password here. They choose one by "
                "“Forgot password?” at their first sign-in: tell them."
            )
        return lines
