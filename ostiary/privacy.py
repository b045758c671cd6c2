"""Personal data: who exports it, who erases it, and the key whose destruction shreds the rest."""

from __future__ import annotations

import functools
import secrets
import time
from collections.abc import Callable, Iterable
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.module_loading import import_string

from .conf import ostiary_settings
from .models import PersonKey

KEY_BYTES = 32
CACHE_SECONDS = 30
CACHE_SIZE = 1000

_exporters: dict[str, int] = {}
_erasers: dict[str, int] = {}
_keys: dict[str, tuple[float, bytes]] = {}


class PersonErased(Exception):
    """The person's key has been destroyed: nothing can be kept about them any more."""


def register_exporter(dotted_path: str, order: int = 50) -> None:
    """Have ``dotted_path`` (a callable taking the user) asked for what an app knows of a person."""
    _exporters[dotted_path] = order


def register_eraser(dotted_path: str, order: int = 50) -> None:
    """Have ``dotted_path`` (a callable taking the user) erase what an app knows of a person."""
    _erasers[dotted_path] = order


def _in_order(registered: dict[str, int], configured: list[str]) -> list[Callable[..., Any]]:
    paths = {**registered, **{path: 50 for path in configured if path not in registered}}
    return [import_string(path) for path in sorted(paths, key=lambda path: (paths[path], path))]


def exporters() -> list[Callable[..., Any]]:
    """Every exporter, in order: those that apps registered and those of the settings."""
    return _in_order(_exporters, ostiary_settings.PERSONAL_DATA_EXPORTERS)


def erasers() -> list[Callable[..., Any]]:
    """Every eraser, in order."""
    return _in_order(_erasers, ostiary_settings.PERSONAL_DATA_ERASERS)


def person_key(subject: str) -> bytes:
    """The person's 32-byte key, made at first use. Raises ``PersonErased`` once it is destroyed.

    The empty subject is nobody in particular, and has a key too. A process remembers keys for
    ``CACHE_SECONDS``: for so long after ``shred`` another process may still write under the old
    key, which nobody can read afterwards.
    """
    known = _keys.get(subject)
    if known and time.monotonic() - known[0] < CACHE_SECONDS:
        return known[1]
    row = PersonKey.objects.filter(subject=subject).first() or _make(subject)
    if row.key is None:
        raise PersonErased(subject)
    key = bytes(row.key)
    # Not before the commit: a key that is rolled back must not encrypt anything afterwards.
    transaction.on_commit(functools.partial(_remember, subject, key))
    return key


def erased_among(subjects: Iterable[str]) -> set[str]:
    """Those of the subjects whose key has been destroyed."""
    gone = PersonKey.objects.filter(subject__in=list(subjects), destroyed_at__isnull=False)
    return set(gone.values_list("subject", flat=True))


def _remember(subject: str, key: bytes) -> None:
    if len(_keys) >= CACHE_SIZE:
        _keys.clear()
    _keys[subject] = (time.monotonic(), key)


def _make(subject: str) -> PersonKey:
    try:
        with transaction.atomic():
            return PersonKey.objects.create(subject=subject, key=secrets.token_bytes(KEY_BYTES))
    except IntegrityError:
        return PersonKey.objects.get(subject=subject)


def shred(subject: str) -> None:
    """Destroy the person's key for good: what it encrypted is unreadable from now on."""
    PersonKey.objects.update_or_create(
        subject=subject, defaults={"key": None, "destroyed_at": timezone.now()}
    )
    _keys.pop(subject, None)
