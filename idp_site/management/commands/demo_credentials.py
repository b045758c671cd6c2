"""``manage.py demo_credentials``: what a person or a test signs in with."""

import json
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from ... import demo_data


class Command(BaseCommand):
    """Print the demo people and clients."""

    help = "Print the demo people and clients, as text or as one JSON object."

    def add_arguments(self, parser: CommandParser) -> None:
        """``--json`` is for programs."""
        parser.add_argument("--json", action="store_true", help="Print one JSON object.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print."""
        if not settings.DEMO:
            raise CommandError("There is demo data in demo mode only (DEMO=1).")
        found = demo_data.credentials()
        if options["json"]:
            self.stdout.write(json.dumps(found))
            return
        self.stdout.write(f"issuer  {found['issuer']}")
        for person in found["people"]:
            key = f"  TOTP key {person['totp_key']}" if "totp_key" in person else ""
            self.stdout.write(f"person  {person['email']}  {person['password']}{key}")
        for client in found["clients"]:
            self.stdout.write(f"client  {client['client_id']}  {client.get('client_secret', '-')}")
