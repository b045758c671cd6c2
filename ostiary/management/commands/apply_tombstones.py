"""``apply_tombstones``: erase again whom a restored backup has brought back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError, CommandParser

from ... import erasure, tombstone_file, tombstones
from ...conf import ostiary_settings

BATCH = 500


class Command(BaseCommand):
    """To be run after a restore, before anybody is let in. Can be run again."""

    help = (
        "Read the tombstones of FILE (default: OSTIARY['TOMBSTONE_FILE']) into the database, and "
        "erase every user that one of them names by ID."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Which file, and how to tell."""
        parser.add_argument("file", nargs="?", help="default: OSTIARY['TOMBSTONE_FILE']")
        parser.add_argument("--json", action="store_true", help="print one object")

    def handle(self, *args: Any, **options: Any) -> None:
        """Read, look through everybody, erase. Raises ``CommandError``."""
        path = options["file"] or ostiary_settings.TOMBSTONE_FILE
        if not path:
            raise CommandError("Give a file, or set OSTIARY['TOMBSTONE_FILE'].")
        try:
            key = tombstone_file.kept_key(path)
            restored = tombstones.restore(list(tombstone_file.read(path)), key)
        except (OSError, tombstone_file.UnreadableLine) as problem:
            raise CommandError(f"{path} can't be read: {problem}") from None
        except tombstones.AnotherKey as problem:
            raise CommandError(str(problem)) from None
        erased, begun = 0, 0
        for user in _brought_back():
            if self._erase(user):
                erased += 1
            else:
                begun += 1
        if options["json"]:
            self.stdout.write(json.dumps({"restored": restored, "erased": erased, "begun": begun}))
            return
        self.stdout.write(f"Tombstones restored: {restored}. Users erased again: {erased}.")
        if begun:
            self.stdout.write(f"Started, for the worker to finish: {begun}.")

    def _erase(self, user: Any) -> bool:
        asked = erasure.request(
            user, by=erasure.By.COMMAND, reason="apply_tombstones", grace=timedelta()
        )
        if erasure.run(erasure.hasten(asked).pk):
            return True
        asked.refresh_from_db()
        self.stderr.write(f"{asked.pk}: {asked.last_error}")
        return False


def _brought_back() -> Iterator[Any]:
    """Everybody who is here and was erased."""
    people = get_user_model()._default_manager
    keys = list(people.order_by("pk").values_list("pk", flat=True))
    for start in range(0, len(keys), BATCH):
        named = {str(key): key for key in keys[start : start + BATCH]}
        for subject in tombstones.buried_among(tombstones.Of.ID, named):
            yield people.get(pk=named[subject])
