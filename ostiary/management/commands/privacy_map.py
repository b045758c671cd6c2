"""``privacy_map``: what every field of every model says of people, and whether all are marked."""

from __future__ import annotations

import json
from collections.abc import Iterable
from itertools import groupby
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from ...privacy_map import Field, Mark, fields, marks_of, problems


class Command(BaseCommand):
    """Exits with 1 if a field is not marked."""

    help = (
        "Print every field of every model of the installed apps, marked personal, pseudonymous or "
        "none. Exit code 1 if one is not marked; each is named."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """How it is written."""
        form = parser.add_mutually_exclusive_group()
        form.add_argument("--json", action="store_true", help="one JSON object")
        form.add_argument("--markdown", action="store_true", help="a page, a table for each app")
        parser.add_argument(
            "--check",
            type=Path,
            metavar="FILE",
            help="print nothing; exit code 1 if the page in FILE is not what --markdown prints",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the map, then what is wrong with it. Raises ``CommandError``."""
        found, wrong = list(fields()), problems()
        if (page := options["check"]) is not None:
            if not page.is_file() or page.read_text(encoding="utf-8") != as_page(found):
                wrong.append(f"{page} is old: update it with privacy_map --markdown.")
        elif options["json"]:
            self.stdout.write(json.dumps({"models": as_json(found), "problems": wrong}))
        elif options["markdown"]:
            self.stdout.write(as_page(found), ending="")
        else:
            self.stdout.write("\n".join(f"{each}  {each.mark or '?'}" for each in found))
        if wrong:
            raise CommandError("\n".join(wrong))


def _by_model(found: Iterable[Field]) -> list[tuple[Any, list[Field]]]:
    return [(model, list(each)) for model, each in groupby(found, lambda field: field.model)]


def as_json(found: Iterable[Field]) -> list[dict[str, Any]]:
    """A model each: its label, the mark of each field, and why rows of erased people may stay."""
    return [
        {
            "model": model._meta.label,
            "fields": {each.field.name: each.mark for each in own},
            "kept": marks_of(model).kept,
        }
        for model, own in _by_model(found)
    ]


PAGE = """# Privacy map

What every field of every table says of people, as `manage.py privacy_map --markdown` prints it.
*Personal* can be read and tells something of a person; *pseudonymous* leads to one only by way of
something else, such as a key to their row or a keyed hash; all else tells of nobody. How fields are
marked: [Erase people](../how-to/erase-people.md#mark-the-fields-of-your-models).
"""

HEAD = "| model | personal | pseudonymous | none |\n|---|---|---|---|\n"


def as_page(found: Iterable[Field]) -> str:
    """The page of the reference: apps and models in the order of their names."""
    models = sorted(_by_model(found), key=lambda each: each[0]._meta.label)
    parts = [PAGE]
    for app, of_app in groupby(models, lambda each: each[0]._meta.app_label):
        parts.append(
            f"\n## {app}\n\n| model | personal | pseudonymous | none |\n|---|---|---|---|\n"
        )
        kept = []
        for model, own in of_app:
            told = (_named(own, as_what) for as_what in Mark)
            parts.append(f"| `{model.__name__}` | {' | '.join(told)} |\n")
            if reason := marks_of(model).kept:
                kept.append(f"\nRows of `{model.__name__}` may outlive a person. {reason}\n")
        parts += kept
    return "".join(parts)


def _named(own: list[Field], as_what: Mark) -> str:
    return ", ".join(f"`{each.field.name}`" for each in own if each.mark == as_what)
