"""``manage.py seed_demo``: the people and clients of demo mode."""

from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from ... import demo_data


class Command(BaseCommand):
    """Make what is missing of the demo data; what is there keeps its changes."""

    help = "Create the demo users and clients. Safe to run again."

    def add_arguments(self, parser: CommandParser) -> None:
        """``--migrate`` sets up the tables first; ``--json`` is for programs."""
        parser.add_argument("--migrate", action="store_true", help="Migrate the database first.")
        parser.add_argument(
            "--json",
            action="store_true",
            help="Print the output of demo_credentials --json afterwards.",
        )

    def handle(self, *args: Any, migrate: bool, json: bool, **options: Any) -> None:
        """Seed."""
        if not settings.DEMO:
            raise CommandError("Demo data has public passwords, so it needs demo mode. Set DEMO=1.")
        if migrate:
            self._say(options, f"Setting up the database in {settings.VAR_DIR}")
            told = {"verbosity": 1, "stdout": self.stderr} if options["verbosity"] > 1 else {}
            call_command("migrate", **{"verbosity": 0, "interactive": False, **told})
        self._say(options, "Creating demo users and applications")
        demo_data.seed()
        if json:
            call_command("demo_credentials", "--json", stdout=self.stdout)
        else:
            self.stdout.write("Demo data is ready.")

    def _say(self, options: dict[str, Any], what: str) -> None:
        """For ``make run``, which shows what is being done."""
        if options["verbosity"] > 1:
            self.stderr.write(f"… {what}")
