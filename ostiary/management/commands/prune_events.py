"""``prune_events``: remove security events that have been kept long enough."""

from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from ... import seal
from ...conf import ostiary_settings


class Command(BaseCommand):
    """Apply the retention time."""

    help = "Remove sealed security events older than OSTIARY['EVENT_RETENTION_DAYS']."

    def add_arguments(self, parser: CommandParser) -> None:
        """Another time than the setting's."""
        parser.add_argument("--days", type=int, help="keep this many days instead")

    def handle(self, *args: Any, **options: Any) -> None:
        """Remove, and say how many."""
        days = options["days"] or ostiary_settings.EVENT_RETENTION_DAYS
        seal.seal_new()
        self.stdout.write(f"Removed {seal.prune(timedelta(days=days))} events.")
