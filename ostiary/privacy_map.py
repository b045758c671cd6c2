"""What every field of every model says of people: ``manage.py privacy_map``.

*Personal*: it can be read, here or by whoever has our keys, and tells something of a person.
*Pseudonymous*: it leads to a person only by way of something else: a key to their row, an id, a
keyed hash, the hash of a secret that they have. *None*: it tells of nobody.

Marks stand in the module ``privacy_marks`` of any installed app, for its own models or for those of
an app that has none. No field is marked by default, so that whoever adds one has to decide.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.apps import apps
from django.contrib.auth import get_user_model
from django.db import models
from django.utils.module_loading import autodiscover_modules


class Mark(StrEnum):
    """What a field tells of a person."""

    PERSONAL = "personal"
    PSEUDONYMOUS = "pseudonymous"
    NONE = "none"


@dataclass(frozen=True)
class Marks:
    """The marks of one model: by the names of its fields. ``kept`` says why rows of it that tell of
    an erased person may stay, and is empty where none do."""

    fields: dict[str, Mark]
    kept: str = ""


_marks: dict[str, Marks] = {}


def mark(
    label: str, *, personal: str = "", pseudonymous: str = "", none: str = "", kept: str = ""
) -> None:
    """Mark the fields of the model of this label: names, separated by spaces.

    A many-to-many field is marked by its name, which also stands for the table that Django makes of
    it. For a model that isn't installed nothing happens. Raises ``ValueError`` for a field, or a
    model, that was marked before.
    """
    named = [
        (name, as_what)
        for as_what, names in (
            (Mark.PERSONAL, personal),
            (Mark.PSEUDONYMOUS, pseudonymous),
            (Mark.NONE, none),
        )
        for name in names.split()
    ]
    fields = dict(named)
    if label in _marks or len(fields) < len(named):
        raise ValueError(f"{label} or a field of it is marked twice.")
    _marks[label] = Marks(fields, kept)


@dataclass(frozen=True)
class Field:
    """A field of an installed model, and its mark, ``None`` where nobody has decided."""

    model: type[models.Model]
    field: Any
    mark: Mark | None

    def __str__(self) -> str:
        return f"{self.model._meta.label}.{self.field.name}"


def fields() -> Iterator[Field]:
    """Every field of every table of the installed apps, in the order of the apps."""
    for model in apps.get_models():
        marked = marks_of(model).fields
        for field in _own(model):
            yield Field(model, field, marked.get(field.name))


def marks_of(model: type[models.Model]) -> Marks:
    """The marks of a model; of a historical one, or one without any, there are none."""
    autodiscover_modules("privacy_marks")
    return _marks.get(model._meta.label, Marks({}))


def problems() -> list[str]:
    """What keeps the map from being complete and true, one sentence each."""
    people = get_user_model()
    found = []
    for each in fields():
        if each.mark is None:
            found.append(f"{each} is not marked.")
        elif each.mark == Mark.NONE and each.field.related_model is people:
            found.append(f"{each} leads to a person, and is marked as if it did not.")
    return found + [
        f"{label}.{name} is marked, and there is no such field."
        for label, marked in _marks.items()
        if (model := _installed(label)) is not None
        for name in marked.fields
        if name not in {each.name for each in _own(model)}
    ]


def _own(model: type[models.Model]) -> list[Any]:
    return [*model._meta.local_concrete_fields, *model._meta.local_many_to_many]


def _installed(label: str) -> type[models.Model] | None:
    try:
        model: type[models.Model] = apps.get_model(label)
    except LookupError:
        return None
    return None if model._meta.swapped else model
