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
        "Import users from another identity provider, with their passwords. Safe "
        "to stop and run again: existing accounts are skipped, but accounts and "
        "passwords that ended there end here too."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """What, and how."""
        parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="the exported file")
        parser.add_argument(
            "--format", required=True, choices=FORMATS, help="the system that wrote the export"
        )
        parser.add_argument(
            "--source",
            help="a name for the source, the same in every run (default: the format)",
        )
        parser.add_argument(
            "--existing",
            choices=["skip", "update"],
            default="skip",
            help="what to do with existing accounts: skip (default), or update",
        )
        parser.add_argument(
            "--absent",
            choices=["list", "deactivate"],
            default="list",
            help="what to do with imported accounts that are no longer in the files: list "
            "them in the report (default), or deactivate them",
        )
        parser.add_argument(
            "--absent-most",
            type=_percent,
            default=10,
            metavar="PERCENT",
            help="with --absent deactivate, refuse to deactivate more than this share "
            "(default: 10)",
        )
        parser.add_argument(
            "--keep-ids",
            action="store_true",
            help="keep the ids of the source (UUIDs), so that each sub stays the same",
        )
        parser.add_argument(
            "--groups",
            action="store_true",
            help="import group memberships by name, except groups that give permissions here",
        )
        parser.add_argument(
            "--claim",
            action="append",
            default=[],
            metavar="ATTRIBUTE=CLAIM",
            help="an attribute of the source that holds a standard claim; repeatable",
        )
        parser.add_argument(
            "--map",
            action="append",
            default=[],
            metavar="OURS=THEIRS",
            help="the name of one of our columns in the source's table; repeatable",
        )
        parser.add_argument(
            "--ignore",
            action="append",
            default=[],
            metavar="COLUMN",
            help="a column or attribute to skip; repeatable",
        )
        parser.add_argument("--dry-run", action="store_true", help="change nothing, only report")
        parser.add_argument(
            "--report",
            type=Path,
            metavar="FILE",
            help="write what wasn't imported to FILE, as JSON lines",
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
            self.stdout.write("To see which users are affected, add --report FILE.")
        if reading.unknown:
            self.stdout.write(
                f"Unknown columns: {', '.join(sorted(reading.unknown))}. To import one, add "
                "--map OURS=THEIRS. To skip one, add --ignore COLUMN."
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
        raise CommandError("The files have no users. Is this the right --format?")
    gone = absent.find(source, importer.survey)
    if importer.options.whole:
        absent.judge(source, gone, options["absent_most"])
    entries = _entries(reading, sizes, "Importing", terminal)
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
                    f"{path}: {problem} {number:,} users before it were read, and nobody was "
                    "imported."
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
        raise CommandError("--source must be a name of at most 50 characters.")
    here = {type(hasher) for hasher in get_hashers()}
    if missing := [
        path for cls, path in zip(CLASSES, FOREIGN_HASHERS, strict=True) if cls not in here
    ]:
        raise CommandError(
            "Nobody could sign in with an imported password. Add these to "
            "PASSWORD_HASHERS, after the first: " + ", ".join(missing)
        )
    model: Any = get_user_model()
    if wanted.keep_ids and not isinstance(model._meta.pk, models.UUIDField):
        raise CommandError(
            "--keep-ids doesn't work here: the primary key of the user model isn't a UUID."
        )
    if wanted.groups and not hasattr(model, "groups"):
        raise CommandError("--groups doesn't work here: the user model has no groups.")
    if form == "firebase" and (why := signer_key_problem(accounts_settings.FIREBASE_SIGNER_KEY)):
        raise CommandError(f'OSTIARY_ACCOUNTS["FIREBASE_SIGNER_KEY"] {why}.')


def _reading(options: dict[str, Any]) -> Reading:
    """How files are to be read. Raises ``CommandError``."""
    reading = Reading(FORMATS[options["format"]], ignored=frozenset(options["ignore"]))
    for pair in options["claim"]:
        attribute, _, claim = pair.partition("=")
        if claim not in CLAIMS or not attribute:
            raise CommandError(
                f"--claim {pair}: use ATTRIBUTE=CLAIM, with one of {', '.join(CLAIMS)}."
            )
        reading.claims[attribute] = claim
    ours = reading.form.columns or CLAIMS
    for pair in options["map"]:
        column, _, theirs = pair.partition("=")
        if column not in ours or not theirs:
            raise CommandError(f"--map {pair}: use OURS=THEIRS, with one of {', '.join(ours)}.")
        if reading.form.columns:
            reading.columns[column] = theirs
        else:
            reading.claims[theirs] = column
    return reading
