"""``createapplication``: the toolkit's command, for a client as we know it."""

import json
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from ostiary import events

from ...client_rules import GRANT_TYPES
from ...models import Client


class Command(BaseCommand):
    """Register a client."""

    help = "Register an application and print its client ID and, this once, its secret."

    def add_arguments(self, parser: CommandParser) -> None:
        """The client's most needed fields; the rest has a default and is edited in the admin."""
        parser.add_argument("client_type", choices=[name for name, _ in Client.CLIENT_TYPES])
        parser.add_argument("name", help="what people are shown")
        repeatable = {
            "grant-type": "what it may ask the token endpoint for",
            "redirect-uri": "where people are sent back to",
            "post-logout-redirect-uri": "where they may be sent after signing out",
            "scope": "what it may ask for",
            "audience": "an API that it may get tokens for",
        }
        for option, help_text in repeatable.items():
            parser.add_argument(
                f"--{option}",
                action="append",
                default=[],
                choices=GRANT_TYPES if option == "grant-type" else None,
                help=f"{help_text} (repeatable)",
            )
        parser.add_argument("--client-id", help="chosen at random if not given")
        parser.add_argument(
            "--first-party", action="store_true", help="our own: people are not asked for consent"
        )
        parser.add_argument(
            "--without-pkce",
            action="store_true",
            help="its library can't do PKCE: take its requests with openid and a nonce instead",
        )
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        """Check, save, and tell."""
        client = Client(
            name=options["name"],
            client_type=options["client_type"],
            first_party=options["first_party"],
            grant_types=options["grant_type"],
            redirect_uris="\n".join(options["redirect_uri"]),
            post_logout_redirect_uris="\n".join(options["post_logout_redirect_uri"]),
            scopes=options["scope"],
            audiences=options["audience"],
            pkce_exempt=options["without_pkce"],
        )
        if options["client_id"]:
            client.client_id = options["client_id"]
        if not client.is_public:
            client.rotate_secret()
        try:
            client.full_clean()
        except ValidationError as error:
            problems = (f"{name}: {' '.join(texts)}" for name, texts in error.message_dict.items())
            raise CommandError("\n".join(problems)) from None
        with transaction.atomic():
            client.save()
            events.record("client.registered", client_id=client.client_id)
        told = {"client_id": client.client_id}
        if client.fresh_secret:
            told["client_secret"] = client.fresh_secret
        if options["json"]:
            self.stdout.write(json.dumps(told))
        else:
            for name, value in told.items():
                self.stdout.write(f"{name}: {value}")
