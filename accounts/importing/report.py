"""What an import tells the operator: a bar, a summary, and a file of what was left."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Any, TextIO

from . import outcome as words
from .outcome import Outcome

REASONS = {
    "absent": "no longer in the files",
    "anonymous": "an anonymous user without an account",
    "claim_left": "a claim was left out",
    "deleted": "deleted in the source",
    "disabled": "deactivated in the source",
    "disabled_here": "deactivated here, and stays so",
    "duplicate": "another record has the same address or id",
    "email_left": "the address here stays",
    "erased": "the account was deleted here",
    "existing": "an account already exists here, and wasn't changed",
    "group_left": "a group was left out",
    "id_left": "the id here stays",
    "identity_left": "sign-in through another system isn't imported",
    "invalid_email": "an invalid email address",
    "malformed": "an unreadable record",
    "no_email": "no email address",
    "no_id": "no id",
    "operator": "an operator here",
    "password_left": "no password imported, or no longer valid",
    "required_action_left": "a required action at the next sign-in was left out",
    "second_factor_left": "second factors aren't imported",
    "service_account": "a service account",
    "unverified": "an email address that isn't verified",
}
"""The codes of the report, in words."""

TOLD = (words.REFUSED, words.ABSENT, words.SWITCHED_OFF)
"""Outcomes that are a line of the report by themselves."""


class Report:
    """A file of JSON lines, one for each person who was refused or of whom something stays behind.

    It names people by their id in the other system, and by where their record is. No password, and
    no hash of one, is in it. Nobody but its owner may read it.
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

    def add(self, outcomes: Iterable[Outcome]) -> None:
        """Write what is to be told of some records."""
        if not self._file:
            return
        for outcome in outcomes:
            told: list[tuple[str, str]] = list(outcome.notes)
            if outcome.outcome in TOLD:
                told.append((outcome.reason, outcome.text))
            for reason, text in told:
                line = {
                    "file": outcome.file,
                    "record": outcome.record,
                    "line": outcome.line,
                    "external_id": outcome.external_id,
                    "outcome": outcome.outcome,
                    "reason": reason,
                    "text": text,
                }
                self._file.write(json.dumps(line, ensure_ascii=False) + "\n")
        self._file.flush()


class Tally:
    """Counts what became of people, and tells it."""

    def __init__(self) -> None:
        self.outcomes: Counter[str] = Counter()
        self.reasons: Counter[str] = Counter()
        self.changes: Counter[str] = Counter()
        self.with_password = 0

    def add(self, outcomes: Iterable[Outcome]) -> None:
        """Count some records."""
        for outcome in outcomes:
            self.outcomes[outcome.outcome] += 1
            self.reasons.update({reason for reason, _ in outcome.notes} | {outcome.reason} - {""})
            if outcome.outcome == words.UPDATED:
                self.changes.update(outcome.changes)
            if outcome.outcome == words.IMPORTED:
                self.with_password += outcome.has_password

    @property
    def without_password(self) -> int:
        """Of those who are new here, so many have none."""
        return self.outcomes[words.IMPORTED] - self.with_password

    def summary(self, *, dry_run: bool) -> list[str]:
        """The lines at the end."""
        would = "Would be " if dry_run else ""
        counted = self.outcomes
        lines = [f"{would}{'imported' if dry_run else 'Imported'}: {counted[words.IMPORTED]:,}"]
        if self.with_password and self.without_password:
            lines[0] += f" ({self.with_password:,} with a password)"
        lines.append(f"{would}{'updated' if dry_run else 'Updated'}: {counted[words.UPDATED]:,}")
        lines += [f"  {name}: {count:,}" for name, count in sorted(self.changes.items())]
        if counted[words.MERGED]:
            lines.append(f"Further records of the same users: {counted[words.MERGED]:,}")
        lines.append(f"Already here: {counted[words.HERE]:,}")
        lines.append(f"Refused: {counted[words.REFUSED]:,}")
        gone = counted[words.ABSENT] + counted[words.SWITCHED_OFF]
        if gone:
            off = "would be deactivated" if dry_run else "deactivated"
            lines.append(
                f"No longer in the files: {gone:,} ({off}: {counted[words.SWITCHED_OFF]:,})"
            )
        shown = {code: count for code, count in self.reasons.items() if code != "absent"}
        if shown:
            lines.append("Reasons, and what wasn't imported:")
        lines += [f"  {code}: {count:,}  {REASONS[code]}" for code, count in sorted(shown.items())]
        if self.without_password:
            lines.append(
                f"{self.without_password:,} of the imported users have no password here. Tell them "
                "to choose one with “Forgot your password?” at their first sign-in."
            )
        return lines

    def as_json(self) -> dict[str, Any]:
        """The same for programs."""
        return {
            **{word: self.outcomes[word] for word in words.ALL},
            "without_password": self.without_password,
            "changes": dict(sorted(self.changes.items())),
            "reasons": dict(sorted(self.reasons.items())),
        }
