"""The environment of the site: each variable read as what it means, and a wrong one told in words.

A list is separated by commas. A pair is ``name=value``, and so are pairs among themselves; in a
value a comma may stand with a space after it: ``groups=See your groups, and who leads them``.
What is empty counts as not set where nothing can't be meant: for numbers, switches and choices.

Nothing here imports Django's settings: these are made from it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, get_type_hints

from django.core.exceptions import ImproperlyConfigured
from environs import Env

_env = Env()
TRUE, FALSE = {"1", "true", "yes", "on"}, {"0", "false", "no", "off"}
BETWEEN_PAIRS = re.compile(r",(?=\S)|,\s+(?=[^\s,=]+=)")
"""A comma that ends a pair: one with no space after it, or before the name of the next."""


def read_file(path: Path) -> None:
    """Take variables from a file too; what the process was given counts first."""
    _env.read_env(path, recurse=False)


def text(name: str, default: str = "") -> str:
    """The variable as it is."""
    found: str = _env.str(name, default)
    return found


def number(name: str, default: int) -> int:
    """A whole number. Raises ``ImproperlyConfigured``."""
    return _read(name, int, default)  # type: ignore[no-any-return]


def switch(name: str, default: bool) -> bool:
    """``1`` or ``0``. Raises ``ImproperlyConfigured``."""
    return _read(name, bool, default)  # type: ignore[no-any-return]


def listed(name: str, default: Collection[str] = ()) -> list[str]:
    """What stands between the commas, but for what is empty."""
    return _read(name, list[str], list(default))  # type: ignore[no-any-return]


def pairs(name: str) -> dict[str, str]:
    """The values by their names. Raises ``ImproperlyConfigured``."""
    return _read(name, dict[str, str], {})  # type: ignore[no-any-return]


def choice(name: str, known: Mapping[str, str], default: str) -> str:
    """What the chosen word stands for. Raises ``ImproperlyConfigured`` for an unknown one."""
    given = text(name).strip() or default
    meanings = {word.lower(): meaning for word, meaning in known.items()}
    if given.lower() not in meanings:
        raise ImproperlyConfigured(f"{name} is {given!r}. Write one of {', '.join(known)}.")
    return meanings[given.lower()]


def settings_of(schema: type, prefix: str = "", but: Collection[str] = ()) -> dict[str, Any]:
    """The keys of an app's settings that have a variable of their name, ``prefix`` before it.

    Raises ``ImproperlyConfigured`` for a value that is none of the key's type.
    """
    types = get_type_hints(schema)
    found = {
        key.name: _read(prefix + key.name, types[key.name], None)
        for key in fields(schema)
        if key.name not in but
    }
    return {name: value for name, value in found.items() if value is not None}


def _read(name: str, kind: Any, default: Any) -> Any:
    given = _env.str(name, None)
    may_be_empty = kind in (str, list[str])
    if given is None or not (given.strip() or may_be_empty):
        return default
    meant, how = _KINDS[kind]
    try:
        return meant(given)
    except ValueError:
        raise ImproperlyConfigured(f"{name} is {given!r}. Write {how}.") from None


def _switch(given: str) -> bool:
    word = given.strip().lower()
    if word not in TRUE | FALSE:
        raise ValueError
    return word in TRUE


def _listed(given: str) -> list[str]:
    return [item.strip() for item in given.split(",") if item.strip()]


def _pairs(given: str) -> dict[str, str]:
    found = [item.partition("=") for item in BETWEEN_PAIRS.split(given.strip(", "))]
    if not all(name.strip() and value.strip() for name, _, value in found):
        raise ValueError
    return {name.strip(): value.strip() for name, _, value in found}


def _pairs_in_groups(given: str) -> dict[str, dict[str, str]]:
    groups: dict[str, dict[str, str]] = {}
    for name, value in _pairs(given).items():
        group, _, inner = name.rpartition(".")
        if not group:
            raise ValueError
        groups.setdefault(group, {})[inner] = value
    return groups


_KINDS: dict[Any, tuple[Callable[[str], Any], str]] = {
    str: (str, "a text"),
    int: (int, "a whole number"),
    bool: (_switch, "1 or 0"),
    list[str]: (_listed, "a list, separated by commas"),
    dict[str, str]: (
        _pairs,
        "name=value, more of them separated by commas; a comma in a value has a space after it",
    ),
    dict[str, int]: (
        lambda given: {name: int(value) for name, value in _pairs(given).items()},
        "name=number, more of them separated by commas",
    ),
    dict[str, list[str]]: (
        lambda given: {name: value.split() for name, value in _pairs(given).items()},
        "name=value, several values separated by spaces, more names by commas",
    ),
    dict[str, dict[str, str]]: (
        _pairs_in_groups,
        "group.name=value, more of them separated by commas",
    ),
}
"""How each type of a setting is read, and in words how it is written."""
