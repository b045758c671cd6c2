"""``import_users``: take people over from another identity provider."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import get_hashers
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import models

from ...conf import accounts_settings
from ...foreign_hashers import CLASSES, FOREIGN_HASHERS
from ...importing.formats import FORMATS, Format
from ...importing.hashes import signer_key_problem
from ...importing.people import BATCH, Importer, Options, Outcome
from ...importing.person import CLAIMS, Person, Refused
from ...importing.report import Report, Tally
from ...importing.streams import Unreadable

Entry = tuple[int, Person] | Outcome


class Command(BaseCommand):
    """Import people."""

    help = (
        "Take people over from another identity provider, with the passwords that they have. It "
        "can be killed and run again: whoever is here already is passed by."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """What, and how."""
        parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="the export")
        parser.add_argument("--format", required=True, choices=FORMATS, help="who has written it")
        parser.add_argument(
            "--source",
            help="a name for where they come from, the same in every run (default: the format)",
        )
        parser.add_argument(
            "--existing",
            choices=["skip", "update"],
            default="skip",
            help="who is here already: passed by (default), or brought up to date",
        )
        parser.add_argument(
            "--keep-ids",
            action="store_true",
            help="give people the ids that they had (UUIDs), so that their sub stays the same",
        )
        parser.add_argument(
            "--groups",
            action="store_true",
            help="take groups over by name, but none that gives permissions here",
        )
        parser.add_argument(
            "--claim",
            action="append",
            default=[],
            metavar="ATTRIBUTE=CLAIM",
            help="an attribute of theirs that holds a standard claim; can be repeated",
        )
        parser.add_argument("--dry-run", action="store_true", help="change nothing, tell all")
        parser.add_argument(
            "--report", type=Path, metavar="FILE", help="write what was left out, as JSON lines"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Read, take over, tell."""
        wanted = Options(
            source=options["source"] or options["format"],
            update=options["existing"] == "update",
            keep_ids=options["keep_ids"],
            groups=options["groups"],
            dry_run=options["dry_run"],
        )
        _judge(wanted, options["format"])
        names = _claim_names(options["claim"])
        try:
            sizes = {path: path.stat().st_size for path in options["files"]}
            with Report(options["report"]) as report, closing(Importer(wanted)) as importer:
                form = FORMATS[options["format"]]
                tally = self._import(importer, sizes, form, names, report)
        except OSError as problem:
            raise CommandError(f"{problem.filename}: {problem.strerror}.") from None
        if not tally.outcomes.total():
            raise CommandError("There is nobody in it. Is it the export of this system?")
        self.stdout.write("\n".join(tally.summary(dry_run=wanted.dry_run)))

    def _import(
        self,
        importer: Importer,
        sizes: dict[Path, int],
        form: Format,
        names: dict[str, str],
        report: Report,
    ) -> Tally:
        tally, before = Tally(), 0
        for path, size in sizes.items():
            with path.open("rb") as file, closing(form.records(file)) as records:
                entries = _entries(form, records, names)
                try:
                    while batch := list(itertools.islice(entries, BATCH)):
                        outcomes = [one for one in batch if isinstance(one, Outcome)]
                        outcomes += importer.take(
                            one for one in batch if not isinstance(one, Outcome)
                        )
                        outcomes.sort(key=lambda outcome: outcome.number)
                        tally.add(outcomes)
                        report.add(path.name, outcomes)
                        self._show(tally.progress(before + file.tell(), sum(sizes.values())))
                except Unreadable as problem:
                    self._show("", end="\n")
                    raise CommandError(
                        f"{path}: {problem} {tally.outcomes.total():,} people before it were read."
                    ) from None
            before += size
        self._show(tally.progress(before, before), end="\n")
        return tally

    def _show(self, line: str, end: str = "") -> None:
        """Replace the line of progress, on a terminal only."""
        if self.stderr.isatty():
            self.stderr.write(f"\r\033[K{line}", ending=end)
            self.stderr.flush()


def _entries(form: Format, records: Iterator[Any], names: dict[str, str]) -> Iterator[Entry]:
    """Each record as a person, or as what it was refused for. Raises ``Unreadable``."""
    for number, record in enumerate(records, 1):
        try:
            if not isinstance(record, dict):
                raise Refused("malformed", "The record is no object.")
            yield number, form.person(record, names)
        except Refused as why:
            yield Outcome(number, "refused", reason=why.reason, text=str(why))


def _judge(wanted: Options, form: str) -> None:
    """Raises ``CommandError`` for what can't be done here."""
    if len(wanted.source) > 50 or not wanted.source.isprintable():
        raise CommandError("The --source has to be a name of at most 50 characters.")
    here = {type(hasher) for hasher in get_hashers()}
    if missing := [
        path for cls, path in zip(CLASSES, FOREIGN_HASHERS, strict=True) if cls not in here
    ]:
        raise CommandError(
            "Nobody could sign in by an imported password. Put these into PASSWORD_HASHERS, after "
            "the first: " + ", ".join(missing)
        )
    model: Any = get_user_model()
    if wanted.keep_ids and not isinstance(model._meta.pk, models.UUIDField):
        raise CommandError("The ids can't be kept: the user model's key is no UUID.")
    if wanted.groups and not hasattr(model, "groups"):
        raise CommandError("There are no groups: the user model has none.")
    if form == "firebase" and (why := signer_key_problem(accounts_settings.FIREBASE_SIGNER_KEY)):
        raise CommandError(f'OSTIARY_ACCOUNTS["FIREBASE_SIGNER_KEY"] {why}.')


def _claim_names(given: list[str]) -> dict[str, str]:
    names = {}
    for pair in given:
        attribute, _, claim = pair.partition("=")
        if claim not in CLAIMS or not attribute:
            raise CommandError(
                f"--claim {pair}: write ATTRIBUTE=CLAIM, with one of {', '.join(CLAIMS)}."
            )
        names[attribute] = claim
    return names
