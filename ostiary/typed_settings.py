"""Settings of an app in one dictionary: known by name, typed, read at first use.

An app declares a frozen dataclass whose fields are the keys, with their defaults, and reads its
settings through ``read(NAME, Schema)``; its system checks tell the ``problems`` of what was given.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import MISSING, fields
from typing import Any, TypeVar, cast, get_args, get_type_hints

from django.conf import settings as django_settings
from django.core.exceptions import ImproperlyConfigured
from django.core.signals import setting_changed

S = TypeVar("S")

_IN_WORDS = {
    str: "a string",
    int: "a whole number",
    bool: "True or False",
    list[str]: "a list of strings",
    dict[str, str]: "a dictionary of strings",
    dict[str, int]: "a dictionary of whole numbers",
    dict[str, list[str]]: "a dictionary of lists of strings",
    dict[str, dict[str, str]]: "a dictionary of dictionaries of strings",
}


def defaults(schema: type) -> dict[str, Any]:
    """Every key with its default."""
    return {
        setting.name: setting.default_factory()
        if setting.default_factory is not MISSING
        else setting.default
        for setting in fields(schema)
    }


def unknown_keys(name: str, schema: type) -> Iterator[str]:
    """A sentence for each key that we don't know, with the one that was probably meant."""
    given, known = getattr(django_settings, name, {}), defaults(schema)
    for key in given if isinstance(given, dict) else ():
        if key not in known:
            near = difflib.get_close_matches(str(key), known, 1)
            meant = f" Did you mean {near[0]!r}?" if near else ""
            yield f"{name} has no setting {key!r}.{meant}"


def wrong_values(name: str, schema: type) -> Iterator[str]:
    """A sentence for each value of a wrong type, or below what makes sense."""
    given = getattr(django_settings, name, {})
    if not isinstance(given, dict):
        yield f"{name} is of the type {type(given).__name__}. Write a dictionary."
        return
    types = get_type_hints(schema)
    for key, default in defaults(schema).items():
        value, wanted = given.get(key, default), types[key]
        if not _is_a(value, wanted):
            # The value itself is not shown: it may be a key.
            example = f", such as {default!r}" if default else ""
            yield (
                f"{name}[{key!r}] is of the type {type(value).__name__}. "
                f"Write {_IN_WORDS[wanted]}{example}."
            )
        elif wanted is int and value < (least := _minimum(schema, key, default)):
            yield f"{name}[{key!r}] is {value}. Write {least} or more."


def _minimum(schema: type, key: str, default: int) -> int:
    """The least value that makes sense: what the field's ``metadata`` says, or else 1, and 0 only
    where that is the default."""
    (setting,) = (each for each in fields(schema) if each.name == key)
    return int(setting.metadata.get("minimum", min(1, default)))


def _is_a(value: Any, wanted: Any) -> bool:
    if wanted is int:
        return isinstance(value, int) and not isinstance(value, bool)
    if wanted in (str, bool):
        return isinstance(value, wanted)
    if wanted == list[str]:
        return isinstance(value, list | tuple) and all(_is_a(item, str) for item in value)
    inner = get_args(wanted)[1]
    return isinstance(value, dict) and all(
        isinstance(key, str) and _is_a(item, inner) for key, item in value.items()
    )


class _Lazy:
    """Reads the dictionary at first use and again when a test overrides it. The values are then its
    own attributes: many are read for each request."""

    def __init__(self, name: str, schema: type) -> None:
        self._name, self._schema = name, schema

    def __getattr__(self, key: str) -> Any:
        """Of what is not there: nothing is, until it was read."""
        loaded = self._load()
        self.__dict__.update(vars(loaded))
        return getattr(loaded, key)

    def _load(self) -> Any:
        name, schema = self._name, self._schema
        if problems := [*unknown_keys(name, schema), *wrong_values(name, schema)]:
            raise ImproperlyConfigured(" ".join(problems))
        return schema(**getattr(django_settings, name, {}))

    def forget(self, *, setting: str, **_: Any) -> None:
        """Read anew after a change (connected to Django's ``setting_changed``)."""
        if setting == self._name:
            self.__dict__ = {"_name": self._name, "_schema": self._schema}


def read(name: str, schema: type[S]) -> S:
    """The settings of ``name``. Raises ``ImproperlyConfigured`` at the first use of wrong ones."""
    lazy = _Lazy(name, schema)
    setting_changed.connect(lazy.forget, weak=False)
    return cast(S, lazy)
