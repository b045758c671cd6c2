"""``import_passkeys``: take over what people registered by another package."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from ...importing import SOURCES, import_from


class Command(BaseCommand):
    """Import passkeys."""

    help = (
        "Import the passkeys that users of this site created with another package, from its "
        "tables in this database. It can be run again: what was imported before is skipped. They "
        'only work for the domain they were created for: see OSTIARY_PASSKEYS["RP_ID"].'
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """From where, and how."""
        parser.add_argument(
            "--from", dest="source", required=True, choices=SOURCES, help="the package"
        )
        parser.add_argument(
            "--dry-run", action="store_true", help="report what would happen and change nothing"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Take over, tell."""
        try:
            report = import_from(options["source"], dry_run=options["dry_run"])
        except DatabaseError as problem:
            raise CommandError(f"The tables of {options['source']} can't be read: {problem}") from (
                problem
            )
        for line in report.left_out:
            self.stderr.write(line)
        would = "would be imported" if options["dry_run"] else "imported"
        self.stdout.write(
            f"{report.imported} {would}, {report.here_already} already here, "
            f"{len(report.left_out)} left out."
        )
