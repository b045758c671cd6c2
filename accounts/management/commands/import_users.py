"""``import_users``: take people over from another identity provider."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, TextIO

from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import get_hashers
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import models

from ...conf import accounts_settings
from ...foreign_hashers import CLASSES, FOREIGN_HASHERS
from ...importing import absent
from ...importing.formats import FORMATS
from ...importing.hashes import signer_key_problem
from ...importing.outcome import Outcome
from ...importing.people import BATCH, Importer, Options
from ...importing.person import CLAIMS
from ...importing.progress import Progress
from ...importing.reading import Entry, Reading
from ...importing.report import Report, Tally
from ...importing.streams import Unreadable


class Command(BaseCommand):
    """Import people."""

    help = (
        "Take people over from another identity provider, with the passwords that they have. It "
        "can be killed and run again: whoever is here already is passed by, but what has ended "
        "there ends here."
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
            "--absent",
            choices=["list", "deactivate"],
            default="list",
            help="who came from there and is in the files no more: told in the report (default), "
            "or switched off too",
        )
        parser.add_argument(
            "--absent-most",
            type=_percent,
            default=10,
            metavar="PERCENT",
            help="refuse to switch off more of them than so many percent, and more than one "
            "(default: 10)",
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
        parser.add_argument(
            "--map",
            action="append",
            default=[],
            metavar="OURS=THEIRS",
            help="the name that a column of ours has in their table; can be repeated",
        )
        parser.add_argument(
            "--ignore",
            action="append",
            default=[],
            metavar="COLUMN",
            help="a column or attribute to pass over; can be repeated",
        )
        parser.add_argument("--dry-run", action="store_true", help="change nothing, tell all")
        parser.add_argument(
            "--report", type=Path, metavar="FILE", help="write what was left out, as JSON lines"
        )
        parser.add_argument("--json", action="store_true", help="print the summary as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        """Look at all, take over, tell."""
        wanted = Options(
            source=options["source"] or options["format"],
            update=options["existing"] == "update",
            keep_ids=options["keep_ids"],
            groups=options["groups"],
            whole=options["absent"] == "deactivate",
            dry_run=options["dry_run"],
        )
        _judge(wanted, options["format"])
        reading = _reading(options)
        # Not the wrapper, which ends each line.
        shown = not options["json"] and self.stdout.isatty()
        terminal: Any = self.stdout._out if shown else None  # type: ignore[attr-defined]
        try:
            sizes = {path: path.stat().st_size for path in options["files"]}
            with Report(options["report"]) as report, closing(Importer(wanted)) as importer:
                tally = Tally()
                for outcomes in _imported(importer, reading, sizes, options, terminal):
                    tally.add(outcomes)
                    report.add(outcomes)
        except OSError as problem:
            raise CommandError(f"{problem.filename}: {problem.strerror}.") from None
        except absent.TooMany as problem:
            raise CommandError(str(problem)) from None
        if options["json"]:
            told = {"source": wanted.source, "dry_run": wanted.dry_run, **tally.as_json()}
            self.stdout.write(json.dumps({**told, "columns_passed_by": sorted(reading.unknown)}))
            return
        self.stdout.write("\n".join(tally.summary(dry_run=wanted.dry_run)))
        if tally.reasons and not options["report"]:
            self.stdout.write("Whom each of these is about: --report FILE.")
        if reading.unknown:
            self.stdout.write(
                f"Columns that were passed by: {', '.join(sorted(reading.unknown))}. To take one: "
                "--map OURS=THEIRS. To leave it for good: --ignore COLUMN."
            )


def _imported(
    importer: Importer,
    reading: Reading,
    sizes: dict[Path, int],
    options: dict[str, Any],
    terminal: TextIO | None,
) -> Iterator[list[Outcome]]:
    """All that becomes of people, in batches. Nothing changes before the last record was read once.

    Raises ``CommandError``, ``OSError`` and ``TooMany``.
    """
    source, dry_run = importer.options.source, importer.options.dry_run
    looked_at = 0
    for entry in _entries(reading, sizes, "Reading", terminal):
        importer.look(entry)
        looked_at += 1
    if not looked_at:
        raise CommandError("There is nobody in it. Is it the export of this system?")
    gone = absent.find(source, importer.survey)
    if importer.options.whole:
        absent.judge(source, gone, options["absent_most"])
    entries = _entries(reading, sizes, "Taking over", terminal)
    while batch := list(itertools.islice(entries, BATCH)):
        yield importer.take(batch)
    yield importer.finish()
    if importer.options.whole:
        yield from ([one] for one in absent.switch_off(source, gone, dry_run=dry_run))
    else:
        yield list(absent.listed(gone))


def _entries(
    reading: Reading, sizes: dict[Path, int], label: str, terminal: TextIO | None
) -> Iterator[Entry]:
    """The records of all files. Raises ``CommandError`` where one can't be read on."""
    with Progress(label, sum(sizes.values()), terminal) as progress:
        for path, size in sizes.items():
            number = 0
            try:
                for entry in reading.entries(path, progress.at):
                    number = entry.number
                    yield entry
            except Unreadable as problem:
                raise CommandError(
                    f"{path}: {problem} {number:,} people before it were read, and nobody was "
                    "taken over."
                ) from None
            progress.file_ends(size)


def _percent(text: str) -> int:
    """A share, with or without its sign. Raises ``ValueError``."""
    share = int(text.removesuffix("%"))
    if not 0 <= share <= 100:
        raise ValueError
    return share


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


def _reading(options: dict[str, Any]) -> Reading:
    """How files are to be read. Raises ``CommandError``."""
    reading = Reading(FORMATS[options["format"]], ignored=frozenset(options["ignore"]))
    for pair in options["claim"]:
        attribute, _, claim = pair.partition("=")
        if claim not in CLAIMS or not attribute:
            raise CommandError(
                f"--claim {pair}: write ATTRIBUTE=CLAIM, with one of {', '.join(CLAIMS)}."
            )
        reading.claims[attribute] = claim
    ours = reading.form.columns or CLAIMS
    for pair in options["map"]:
        column, _, theirs = pair.partition("=")
        if column not in ours or not theirs:
            raise CommandError(f"--map {pair}: write OURS=THEIRS, with one of {', '.join(ours)}.")
        if reading.form.columns:
            reading.columns[column] = theirs
        else:
            reading.claims[theirs] = column
    return reading
