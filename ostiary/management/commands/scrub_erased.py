"""``scrub_erased``: take what was erased out of the files of the database, too."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DEFAULT_DB_ALIAS

from ... import scrubbing


class Command(BaseCommand):
    """Exits with 0 only if everything was done."""

    help = (
        "Rewrite the tables that hold personal data, without what was deleted from them, and end "
        "the part of the write-ahead log that has it. Each table is locked while it is rewritten."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Which database."""
        parser.add_argument("--database", default=DEFAULT_DB_ALIAS, help="database alias")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it. Raises ``CommandError`` with what is left to do."""
        left = list(scrubbing.rewrite(options["database"]))
        if left:
            raise CommandError("\n".join([*left, "Run it again with the missing permissions."]))
        self.stdout.write("Done. The erased data is no longer in the database files.")
