"""Personal data: who exports it, who erases it, and the key whose destruction shreds the rest."""

from __future__ import annotations

import functools
import hashlib
import hmac
import secrets
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.module_loading import import_string

from . import tombstones
from .conf import ostiary_settings
from .models import PersonKey

KEY_BYTES = 32
CACHE_SECONDS = 30
CACHE_SIZE = 1000

_exporters: dict[str, int] = {}
_erasers: dict[str, int] = {}
_names: dict[str, str] = {}
"""Of erasers, by their paths."""
_people: dict[tuple[str, str], tuple[float, Known]] = {}
"""By id and by pseudonym, with when each was last read."""


class PersonErased(Exception):
    """The person's key has been destroyed: nothing can be kept about them any more."""


def register_exporter(dotted_path: str, order: int = 50) -> None:
    """Have ``dotted_path`` (a callable taking the user) asked for what an app knows of a person.

    It returns sections by name: each is what JSON can say, or an iterator of such records where
    there may be many. It is called twice for each copy, and tells nothing that lets anybody in, nor
    anything of somebody else. See ``export_labels`` for what the names are called on the page.
    """
    _exporters[dotted_path] = order


def register_eraser(dotted_path: str, order: int = 50, *, name: str = "") -> None:
    """Have ``dotted_path`` (a callable taking the user) erase what an app knows of a person.

    It is called in a transaction of its own; called again, it finds nothing. It may return how many
    rows it erased, by the label of their model. The ``name``, by default the path, stands in the
    database and in receipts: it never changes, wherever the code moves. Raises ``ValueError`` for a
    name that another eraser has: of two steps with one name only one would be done.
    """
    name = name or dotted_path
    if any(taken == name and path != dotted_path for path, taken in _names.items()):
        raise ValueError(f"Two erasers are named {name!r}.")
    _erasers[dotted_path] = order
    _names[dotted_path] = name


def _in_order(registered: dict[str, int], configured: list[str]) -> list[str]:
    paths = {**registered, **{path: 50 for path in configured if path not in registered}}
    return sorted(paths, key=lambda path: (paths[path], path))


def exporters() -> list[Callable[..., Any]]:
    """Every exporter, in order: those that apps registered and those of the settings."""
    return [exporter for _path, exporter in named_exporters()]


def named_exporters() -> list[tuple[str, Callable[..., Any]]]:
    """The same, each with its dotted path."""
    paths = _in_order(_exporters, ostiary_settings.PERSONAL_DATA_EXPORTERS)
    return [(path, import_string(path)) for path in paths]


def named_erasers() -> list[tuple[str, str]]:
    """The name and the dotted path of every eraser, in order."""
    paths = _in_order(_erasers, ostiary_settings.PERSONAL_DATA_ERASERS)
    return [(_names.get(path, path), path) for path in paths]


@dataclass(frozen=True)
class Known:
    """What the log needs to know of a person: the name it calls them by, and their 32-byte key."""

    pseudonym: str
    key: bytes

    def __repr__(self) -> str:
        return f"<Known {self.pseudonym}>"


def person(subject: str) -> Known:
    """The person of this id, with a key made at first use. Raises ``PersonErased`` afterwards.

    The empty subject is nobody in particular, and has a key too, but no name. A process remembers
    people for ``CACHE_SECONDS``: for so long after ``shred`` another process may still write under
    the old key, which nobody can read afterwards.
    """
    if found := _remembered("subject", subject):
        return found
    row = PersonKey.objects.filter(subject=subject).first() or _make(subject)
    return _remember(row)


def key_of(pseudonym: str) -> bytes:
    """The key of whom the log calls so. Raises ``PersonErased`` for nobody any more."""
    if not pseudonym:
        return person("").key
    if found := _remembered("pseudonym", pseudonym):
        return found.key
    row = PersonKey.objects.filter(pseudonym=pseudonym).first()
    if row is None:
        raise PersonErased(pseudonym)
    return _remember(row).key


def pseudonym_of(user: Any) -> str:
    """The name by which the log calls the person. Raises ``PersonErased``."""
    return person(str(user.pk)).pseudonym


def pseudonyms_of(subjects: Iterable[str]) -> dict[str, str]:
    """The same for many people at once, by their id; those who were erased are left out.

    Three SQL statements at most, in a transaction of the caller.
    """
    wanted = list(dict.fromkeys(subjects))
    found = _named(wanted)
    missing = [subject for subject in wanted if subject not in found]
    if missing:
        erased = tombstones.buried_among(tombstones.Of.ID, missing)
        made = [_new(subject) for subject in missing if subject not in erased]
        PersonKey.objects.bulk_create(made, ignore_conflicts=True)
        found |= _named(missing)
    return {subject: found[subject] for subject in wanted if subject in found}


def _named(subjects: list[str]) -> dict[str, str]:
    rows = PersonKey.objects.filter(subject__in=subjects).values_list("subject", "pseudonym")
    return {subject: pseudonym for subject, pseudonym in rows if subject is not None}


def subjects_of(pseudonyms: Iterable[str]) -> dict[str, str]:
    """The ids of people by what the log calls them; those who were erased are left out."""
    rows = PersonKey.objects.filter(pseudonym__in=list(pseudonyms))
    return {row.pseudonym: row.subject for row in rows if row.subject is not None}


def _remembered(by: str, name: str) -> Known | None:
    known = _people.get((by, name))
    return known[1] if known and time.monotonic() - known[0] < CACHE_SECONDS else None


def _remember(row: PersonKey) -> Known:
    if row.key is None:
        raise PersonErased(row.pseudonym)
    found = Known(row.pseudonym if row.subject else "", bytes(row.key))
    # Not before the commit: a key that is rolled back must not encrypt anything afterwards.
    transaction.on_commit(functools.partial(_keep, row.subject or "", found))
    return found


def _keep(subject: str, found: Known) -> None:
    if len(_people) >= CACHE_SIZE:
        _people.clear()
    entry = (time.monotonic(), found)
    _people["subject", subject] = _people["pseudonym", found.pseudonym] = entry


def _new(subject: str) -> PersonKey:
    return PersonKey(subject=subject, key=secrets.token_bytes(KEY_BYTES))


def _make(subject: str) -> PersonKey:
    if subject and tombstones.is_buried(subject):
        raise PersonErased(subject)
    row = _new(subject)
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:
        return PersonKey.objects.get(subject=subject)
    return row


def digest(purpose: str, name: str) -> str:
    """A keyed hash by which something is found again, 64 hex digits: the key outlives the ring's,
    and is at hand in every process."""
    return digests(purpose, [name])[0]


def digests(purpose: str, names: Iterable[str]) -> list[str]:
    """The same of each, by one look at the key: what it costs doesn't tell how many they are."""
    key = person("").key
    return [
        hmac.new(key, f"{purpose}:{name}".encode(), hashlib.sha256).hexdigest() for name in names
    ]


def shred(subject: str, emails: Iterable[str] = ()) -> None:
    """Destroy the person's key for good: what it encrypted is unreadable from now on.

    Nor can anybody tell any more who the log speaks of. A tombstone of the id, and of ``emails``,
    stays.
    """
    with transaction.atomic():
        tombstones.bury(subject, emails)
        PersonKey.objects.filter(subject=subject).update(
            subject=None, key=None, destroyed_at=timezone.now()
        )
    if known := _people.pop(("subject", subject), None):
        _people.pop(("pseudonym", known[1].pseudonym), None)
