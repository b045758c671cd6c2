"""``verify_events``: is the security log as it was written?"""

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from ... import seal
from ...models import EventSeal


class Command(BaseCommand):
    """Verify the chain of events."""

    help = "Find events that were altered, removed or re-ordered; exit code 1 if there are any."

    def add_arguments(self, parser: CommandParser) -> None:
        """Output, and what a witness kept."""
        parser.add_argument("--json", action="store_true", help="one JSON object")
        parser.add_argument(
            "--witness",
            type=Path,
            metavar="FILE",
            help="heads kept outside the database, one JSON object a line",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Print what is wrong, first things first."""
        witnessed = []
        if options["witness"]:
            lines = options["witness"].read_text().splitlines()
            witnessed = [seal.Head(**json.loads(line)) for line in lines if line.strip()]
        problems = list(seal.verify(witnessed))
        newest = EventSeal.objects.order_by("-position").first()
        sealed = newest.position if newest else 0
        if options["json"]:
            self.stdout.write(json.dumps({"sealed": sealed, "problems": problems}))
        elif problems:
            self.stdout.write("\n".join(problems))
        else:
            self.stdout.write(f"The log is whole: {sealed} events.")
        if problems:
            raise CommandError(f"{len(problems)} problems; the first: {problems[0]}")
