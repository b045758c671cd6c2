"""``prune_events``: remove security events that have been kept long enough."""

from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from ... import event_chain
from ...conf import ostiary_settings


class Command(BaseCommand):
    """Apply the retention time."""

    help = "Remove security events older than EVENT_RETENTION_DAYS."

    def add_arguments(self, parser: CommandParser) -> None:
        """Another time than the setting's."""
        parser.add_argument("--days", type=int, help="keep this many days instead")

    def handle(self, *args: Any, **options: Any) -> None:
        """Remove, and say how many."""
        days = options["days"]
        if days is None:
            days = ostiary_settings.EVENT_RETENTION_DAYS
        try:
            event_chain.seal(event_chain.LATE)
            removed = event_chain.prune(timedelta(days=days))
        except event_chain.BrokenChain as problem:
            raise CommandError(f"{problem} Nothing was removed; run verify_events.") from None
        self.stdout.write(f"Removed {removed} events.")
