"""``manage.py seed_demo``: the people and clients of demo mode."""

from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from ... import demo_data


class Command(BaseCommand):
    """Make what is missing of the demo data; what is there keeps its changes."""

    help = "Make the people and clients of demo mode (again is harmless)."

    def add_arguments(self, parser: CommandParser) -> None:
        """``--migrate`` sets up the tables first; ``--json`` is for programs."""
        parser.add_argument("--migrate", action="store_true", help="Migrate the database first.")
        parser.add_argument(
            "--json", action="store_true", help="Then print what demo_credentials --json does."
        )

    def handle(self, *args: Any, migrate: bool, json: bool, **options: Any) -> None:
        """Seed."""
        if not settings.DEMO:
            raise CommandError("This is demo data with public passwords: only with DEMO=1.")
        if migrate:
            self._say(options, f"Setting up the database in {settings.VAR_DIR}")
            told = {"verbosity": 1, "stdout": self.stderr} if options["verbosity"] > 1 else {}
            call_command("migrate", **{"verbosity": 0, "interactive": False, **told})
        self._say(options, "Putting in the demo's people and applications")
        demo_data.seed()
        if json:
            call_command("demo_credentials", "--json", stdout=self.stdout)
        else:
            self.stdout.write("The demo data is there.")

    def _say(self, options: dict[str, Any], what: str) -> None:
        """For ``make run``, which shows what is being done."""
        if options["verbosity"] > 1:
            self.stderr.write(f"… {what}")
