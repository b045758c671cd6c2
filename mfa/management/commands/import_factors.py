"""``import_factors``: take second factors over from another package's tables."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.module_loading import import_string

from ...importing import SOURCES, TableMissing, take_over


def as_it_is(text: str) -> str:
    """What nobody has encrypted."""
    return text


class Command(BaseCommand):
    """Import second factors."""

    help = (
        "Import second factors from the tables of another package in this "
        "database. Keys are encrypted and codes are hashed on the way. Safe to run "
        "again: imported factors are skipped."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """What, and how."""
        parser.add_argument(
            "--from", required=True, choices=SOURCES, dest="source", help="the package"
        )
        parser.add_argument(
            "--decrypt",
            metavar="DOTTED.PATH",
            help="a function that decrypts what that project's allauth MFA_ADAPTER encrypted",
        )
        parser.add_argument(
            "--dry-run", action="store_true", help="report what would happen and change nothing"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Read, take over, tell what was left out and why."""
        counted: Counter[tuple[str, str]] = Counter()
        given: set[str] = set()
        left: set[str] = set()
        try:
            decrypt = import_string(options["decrypt"]) if options["decrypt"] else as_it_is
            for outcome in take_over(options["source"], decrypt, dry_run=options["dry_run"]):
                counted[outcome.table, outcome.result] += 1
                if outcome.gives_one:
                    given.add(outcome.person)
                elif outcome.leaves:
                    left.add(outcome.person)
                if outcome.reason:
                    self.stderr.write(
                        f"{outcome.table} {outcome.row} of {outcome.person}: {outcome.reason}."
                    )
        except (TableMissing, ImportError) as problem:
            raise CommandError(str(problem)) from None
        for table in dict.fromkeys(table for table, _ in counted):
            imported, present, refused = (
                counted[table, result] for result in ("imported", "present", "refused")
            )
            self.stdout.write(
                f"{table}: {imported} imported, {present} already here, {refused} left out."
            )
        if without := sorted(left - given):
            self.stdout.write(
                f"Users who had a second factor there and have none here: {', '.join(without)}."
            )
        if not counted:
            self.stdout.write("There was nothing to import.")
        if options["dry_run"]:
            self.stdout.write("Dry run: nothing was changed.")
