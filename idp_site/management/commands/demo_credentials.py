"""``manage.py demo_credentials``: what a person or a test signs in with."""

import base64
import json
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django_otp.oath import totp

from ... import demo_data


class Command(BaseCommand):
    """Print the demo users and clients."""

    help = "Print the demo users and clients, as text or as one JSON object."

    def add_arguments(self, parser: CommandParser) -> None:
        """``--json`` is for programs."""
        parser.add_argument("--json", action="store_true", help="Print one JSON object.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print."""
        if not settings.DEMO:
            raise CommandError("Demo data exists only in demo mode. Set DEMO=1.")
        found = demo_data.credentials()
        if options["json"]:
            self.stdout.write(json.dumps(found))
            return
        self.stdout.write(f"issuer  {found['issuer']}")
        for person in found["people"]:
            self.stdout.write(f"user    {person['email']}  {person['password']}{code_of(person)}")
        for client in found["clients"]:
            self.stdout.write(f"client  {client['client_id']}  {client.get('client_secret', '-')}")


def code_of(person: dict[str, str]) -> str:
    """What a person's authenticator app shows now, for who has none at hand; ``""`` if none is
    needed."""
    if "totp_key" not in person:
        return ""
    code = totp(base64.b32decode(person["totp_key"]))
    return f"  code {code:06} (TOTP key {person['totp_key']})"
