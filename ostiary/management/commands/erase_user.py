"""``erase_user``: erase a person, after the grace period or at once."""

from __future__ import annotations

import json
import time
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from ... import erasure
from ...by_address import NotOne, person_of
from ...models import Erasure
from ...regions import asking

PAUSE_SECONDS = 0.5


class Command(BaseCommand):
    """For operators and scripts. Exits with an error for an address that nobody has."""

    help = (
        "Erase the user with this email address after the grace period, in which they can cancel. "
        "With --now, erase at once, wait until it is complete and print the signed receipt."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Whom, why and when."""
        parser.add_argument("email", help="the user's email address")
        parser.add_argument("--reason", required=True, help="why; stored until the user is erased")
        parser.add_argument("--now", action="store_true", help="skip the grace period")
        parser.add_argument("--json", action="store_true", help="print one object")

    def handle(self, *args: Any, **options: Any) -> None:
        """Ask for it, and with ``--now`` carry it out."""
        try:
            person = person_of(options["email"])
        except NotOne as problem:
            raise CommandError(str(problem)) from None
        grace = timedelta() if options["now"] else None
        asked = erasure.request(
            person, by=erasure.By.COMMAND, reason=options["reason"], grace=grace
        )
        if options["now"]:
            asked = self._finish(erasure.hasten(asked))
        self._tell(asked, as_json=options["json"])

    def _finish(self, asked: Erasure) -> Erasure:
        said = ""
        while not erasure.run(asked.pk):
            asked.refresh_from_db()
            if asked.state == erasure.State.DONE:
                break
            if asked.last_error != said:
                said = asked.last_error
                self.stderr.write(said)
            asking.ask_now(asked)
            time.sleep(PAUSE_SECONDS)
        asked.refresh_from_db()
        return asked

    def _tell(self, asked: Erasure, *, as_json: bool) -> None:
        if as_json:
            told = {
                "id": str(asked.pk),
                "state": asked.state,
                "due_at": asked.due_at.isoformat(),
                "receipt": asked.receipt or None,
            }
            self.stdout.write(json.dumps(told))
        elif asked.receipt:
            self.stdout.write(asked.receipt)
        else:
            self.stdout.write(f"The user will be erased on {asked.due_at.isoformat()}.")
