"""``cleartokens``: the toolkit's command, over our tables."""

from typing import Any

from django.core.management.base import BaseCommand

from ... import cleanup


class Command(BaseCommand):
    """Remove ended grants and retired signing keys now."""

    help = "Remove grants and tokens that have ended, and signing keys no longer needed."

    def handle(self, *args: Any, **options: Any) -> None:
        """Run until nothing is left to remove."""
        grants = cleanup.remove_ended_grants(most=1_000_000)
        cleanup.remove_device_grants(most=1_000_000)
        cleanup.remove_pushed_requests(most=1_000_000)
        cleanup.remove_used_identifiers(most=1_000_000)
        keys = cleanup.remove_retired_keys()
        self.stdout.write(f"Removed {grants} grants and {keys} signing keys.")
