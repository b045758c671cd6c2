"""``set_home_region``: write this region as the home of everybody who has none yet."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import FieldDoesNotExist
from django.core.management.base import BaseCommand, CommandError

from ...conf import ostiary_settings
from ...regions import homes


class Command(BaseCommand):
    """To be run once on a site that becomes one of several regions. Can be run again."""

    help = "Set OSTIARY['REGION'] as the home region of every user without one."

    def handle(self, *args: Any, **options: Any) -> None:
        """Write it, and say for how many. Raises ``CommandError``."""
        model = get_user_model()
        if not ostiary_settings.REGION:
            raise CommandError("OSTIARY['REGION'] is not set.")
        try:
            model._meta.get_field("home_region")
        except FieldDoesNotExist:
            raise CommandError(f"{model._meta.label} has no field home_region.") from None
        named = homes.name_homes(model, ostiary_settings.REGION)
        self.stdout.write(f"Users whose home region is now {ostiary_settings.REGION}: {named}.")
