"""``rotate_signing_keys``: let the next keys sign, or withdraw a stolen one at once."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from ostiary import events

from ... import keys
from ...client_metadata import SIGNING_ALGS
from ...models import SigningKey


class Command(BaseCommand):
    """Rotate signing keys."""

    help = "Let the next signing keys sign and publish new next ones; with --revoke, withdraw one."

    def add_arguments(self, parser: CommandParser) -> None:
        """Which keys."""
        parser.add_argument(
            "--alg", choices=SIGNING_ALGS, action="append", help="only this algorithm (repeatable)"
        )
        parser.add_argument(
            "--revoke",
            metavar="KID",
            help="the key is stolen: stop publishing it now; everything it signed is refused",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Rotate and say which key signs now."""
        try:
            self._handle(options)
        except keys.KeysAreElsewhereError as problem:
            raise CommandError(str(problem)) from None

    def _handle(self, options: dict[str, Any]) -> None:
        if options["revoke"]:
            self._revoke(options["revoke"])
            return
        for alg in options["alg"] or SIGNING_ALGS:
            key = keys.rotate(alg)
            events.record("signing_key.rotated", details={"alg": alg, "kid": key.kid})
            self.stdout.write(f"{alg}: {key.kid} signs now; the one before stays published.")

    def _revoke(self, kid: str) -> None:
        try:
            keys.revoke(kid)
        except SigningKey.DoesNotExist:
            raise CommandError(f"There is no signing key {kid}.") from None
        events.record("signing_key.revoked", details={"kid": kid})
        self.stdout.write(f"{kid} is withdrawn; what it signed is refused.")
