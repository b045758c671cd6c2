"""``export_user``: write all that is kept of a person to a file."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import IO, Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import translation

from ... import events, export_archive
from ...by_address import NotOne, person_of
from ...notifications import language_of, notify


class Command(BaseCommand):
    """For operators and scripts. Exits with an error for an address that nobody has, or a file that
    is there already."""

    help = (
        "Export all data of the user with this email address to a ZIP file that only you can read, "
        "or to standard output with “-”. The export is logged, and the user is notified."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Whose data, where to, and why."""
        parser.add_argument("email", help="the user's email address")
        parser.add_argument("--output", required=True, help="a new file, or “-”", metavar="FILE")
        parser.add_argument("--reason", default="", help="why; shown to the user")

    def handle(self, *args: Any, **options: Any) -> None:
        """Write it, and tell."""
        try:
            person = person_of(options["email"])
        except NotOne as problem:
            raise CommandError(str(problem)) from None
        if options["output"] == "-":
            self._write(self._standard_output(), person, options["reason"])
            return
        path = Path(options["output"])
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except OSError as problem:
            raise CommandError(f"Can’t create {path}: {problem.strerror}.") from None
        try:
            with os.fdopen(descriptor, "wb") as file:
                self._write(file, person, options["reason"])
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        self.stderr.write(f"{path} has all that is kept of {person.get_username()}.")

    def _write(self, out: IO[bytes], person: Any, reason: str) -> None:
        """The log and the person are told first: what can't be told doesn't leave."""
        with transaction.atomic():
            events.record(
                "export.taken",
                user=person,
                details={"by": "command"},
                personal={"reason": reason} if reason else None,
            )
            notify(person, "export_taken", {"reason": reason})
        with translation.override(language_of(person)):
            export_archive.write(out, person)
        out.flush()

    def _standard_output(self) -> IO[bytes]:
        if self.stdout.isatty():
            raise CommandError("A terminal can’t show a ZIP file: give --output a file, or a pipe.")
        stream: IO[bytes] = getattr(self.stdout, "buffer", sys.stdout.buffer)
        return stream
