"""``verify_events``: is the security log as it was written?"""

import json
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from ... import event_chain
from ...models import EventSeal

HEAD_FIELDS = frozenset(field.name for field in fields(event_chain.Head))


class Command(BaseCommand):
    """Verify the chain of events."""

    help = "Find security events that were altered, removed or reordered. Exit code 1 if any."

    def add_arguments(self, parser: CommandParser) -> None:
        """Output, and what a witness kept."""
        parser.add_argument("--json", action="store_true", help="one JSON object")
        parser.add_argument(
            "--witness",
            type=Path,
            metavar="FILE",
            help="heads kept outside the database: in JSON, one a line, such as the site's log",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Print what is wrong, first things first."""
        witnessed = list(heads_in(options["witness"])) if options["witness"] else []
        problems = list(event_chain.verify(witnessed))
        newest = EventSeal.objects.order_by("-position").first()
        start, end = (newest.start, newest.position) if newest else (0, 0)
        told = {"events": end - start, "witnessed": len(witnessed), "problems": problems}
        if options["json"]:
            self.stdout.write(json.dumps(told))
        elif problems:
            self.stdout.write("\n".join(problems))
        else:
            self.stdout.write(f"The log is intact: {end - start} events (#{start + 1} to #{end}).")
            if not witnessed:
                self.stdout.write("Without --witness, events removed from the end go unnoticed.")
        if problems:
            raise CommandError(f"{len(problems)} problems; the first: {problems[0]}")


def heads_in(file: Path) -> Iterator[event_chain.Head]:
    """The heads in a witness's file; lines of other things are passed over."""
    try:
        lines = file.read_text().splitlines()
    except OSError as problem:
        raise CommandError(f"The witness file can't be read: {problem.strerror}.") from None
    for line in lines:
        try:
            told = json.loads(line[line.index("{") :])
        except ValueError:
            continue
        told = told.get("event_chain_head", told)
        if isinstance(told, dict) and told.keys() >= HEAD_FIELDS:
            yield event_chain.Head(**{name: told[name] for name in HEAD_FIELDS})
