"""The sections of a copy; what they and their fields are called on the page that people read, and
the values that programs know by a name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import FieldDoesNotExist


@dataclass(frozen=True)
class Section:
    """What one exporter tells under one name. ``value`` is anything that JSON can say, or an
    iterator of such records."""

    app: str
    name: str
    value: Any


_labels: dict[str, Any] = {}
_words: dict[str, Callable[[str], Any]] = {}


def register(labels: Mapping[str, Any]) -> None:
    """Have these names shown in these words. What has none is shown by its name."""
    _labels.update(labels)


def label(name: str) -> str:
    """The words for a section or a field, in the active language."""
    if name in _labels:
        return str(_labels[name])
    try:
        words = str(get_user_model()._meta.get_field(name).verbose_name)  # type: ignore[union-attr]
    except (FieldDoesNotExist, AttributeError):
        words = name.replace("_", " ")
    return words[:1].upper() + words[1:]


def register_words(of_fields: Mapping[str, Callable[[str], Any]]) -> None:
    """Have the values of these fields shown in the words that are returned for each."""
    _words.update(of_fields)


def words(name: str, value: str) -> str:
    """The value of a field in the active language; as it is where nobody has words for it."""
    return str(_words[name](value)) if name in _words else value
