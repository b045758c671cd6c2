"""``import_signing_key``: sign with a key that was made elsewhere."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import IntegrityError

from ostiary import events

from ... import key_import, keys
from ...client_metadata import SIGNING_ALGS


class Command(BaseCommand):
    """Import a signing key."""

    help = (
        "Take a private key (PEM, or a JWK whose kid is kept) as the next signing key of its "
        "algorithm: it is published at once, and signs from the next rotation on."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Where it is, and what it is for."""
        parser.add_argument("file", type=Path, help="the private key, without passphrase")
        parser.add_argument(
            "--alg", choices=SIGNING_ALGS, help="needed where the file doesn't tell (RSA)"
        )
        parser.add_argument("--kid", help="its key ID (else the JWK's, or its thumbprint)")
        parser.add_argument(
            "--activate",
            action="store_true",
            help="sign with it now, though verifiers that keep the key set don't know it yet",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Read, store, and tell."""
        try:
            key, alg, kid = key_import.read(options["file"].read_bytes(), options["alg"])
            row = keys.take(key, alg, kid=options["kid"] or kid, activate=options["activate"])
        except OSError as problem:
            raise CommandError(f"{options['file']}: {problem.strerror}.") from None
        except IntegrityError:
            raise CommandError("This key, or one of its kid, is here already.") from None
        except (ValueError, keys.KeysAreElsewhereError) as problem:
            raise CommandError(str(problem)) from None
        details = {"alg": alg, "kid": row.kid, "state": row.state}
        events.record("signing_key.imported", details=details)
        when = "signs now" if options["activate"] else "is published, and signs from the next one"
        self.stdout.write(f"{alg}: {row.kid} {when}.")
