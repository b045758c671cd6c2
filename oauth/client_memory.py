"""Clients that this process has read a moment ago, so that a busy one isn't read for each request.

A row is taken from memory for ``OSTIARY_OAUTH["CLIENT_CACHE_SECONDS"]`` after its reading *began*.
So once that time has passed after a commit, no process has a row from before it. Whoever takes
something from a client waits for that, after the commit and before anybody is told that it is done
(docs/adr/0013): a revocation needs no message that could be lost, and holds when it is answered.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

from django.core.signals import setting_changed
from django.db import connections, router, transaction
from django.db.models.base import ModelState

from .conf import oauth_settings

if TYPE_CHECKING:
    from .models import Client

MOST = 1024
"""So many clients are kept at most."""
MARGIN_SECONDS = 0.05
"""What is waited beyond, for clocks that don't run quite alike."""
LONGEST_SECONDS = 1
"""No operator should have to wait longer for what they take back."""
TAKES_NOTHING = frozenset(
    {
        *("name", "user", "contacts", "client_uri", "logo_uri", "policy_uri", "tos_uri"),
        *("created", "updated", "unused_expires_at", "cimd_expires_at"),
    }
)
"""Columns by which nothing is allowed or refused: nobody waits for a change of these."""


class _Kept(NamedTuple):
    """A row: of which model and database, its columns, those of them that could be changed in
    place, with what they hold, and when its reading began."""

    model: type[Client]
    alias: str | None
    columns: dict[str, Any]
    flat: tuple[tuple[str, Any], ...]
    nested: tuple[tuple[str, Any], ...]
    began: float

    def copy(self) -> Client:
        """An instance that shares nothing with any other."""
        client = self.model.__new__(self.model)
        client._state = state = ModelState()
        state.adding, state.db = False, self.alias
        columns = client.__dict__
        columns.update(self.columns)
        for name, value in self.flat:
            columns[name] = value.copy()
        for name, value in self.nested:
            columns[name] = _copied(value)
        return client


_kept: dict[str, _Kept] = {}
_lock = threading.Lock()


def find(model: type[Client], client_id: str, read: Callable[[], Client | None]) -> Client | None:
    """The client: from memory, or as ``read`` finds it in the database.

    Within a transaction it is always read, and never kept: it may be older than what has been
    committed, or may never be. That there is none is not kept either: a new one works at once.
    """
    seconds = oauth_settings.CLIENT_CACHE_SECONDS
    if not seconds or (connection := connections[router.db_for_read(model)]).in_atomic_block:
        return read()
    now, kept = time.monotonic(), _kept.get(client_id)
    if kept is not None and now - kept.began < seconds:
        return kept.copy()
    client = read()
    if client is not None and connection.get_autocommit():
        _keep(client_id, client, now)
    return client


def _keep(client_id: str, client: Client, began: float) -> None:
    columns = {name: _copied(value) for name, value in client.__dict__.items() if name != "_state"}
    mutable = [each for each in columns.items() if isinstance(each[1], list | dict)]
    flat = tuple(each for each in mutable if not _is_nested(each[1]))
    nested = tuple(each for each in mutable if _is_nested(each[1]))
    kept = _Kept(type(client), client._state.db, columns, flat, nested, began)
    with _lock:
        if client_id not in _kept and len(_kept) >= MOST:
            del _kept[next(iter(_kept))]
        _kept[client_id] = kept


def _copied(value: Any) -> Any:
    """What a JSON column holds, down to its texts and numbers."""
    if isinstance(value, list):
        return [_copied(each) for each in value]
    if isinstance(value, dict):
        return {name: _copied(each) for name, each in value.items()}
    return value


def _is_nested(value: Any) -> bool:
    inner = value.values() if isinstance(value, dict) else value
    return any(isinstance(each, list | dict) for each in inner)


def forget() -> None:
    """Read every client anew at its next use in this process."""
    with _lock:
        _kept.clear()


# --- changing -------------------------------------------------------------------------------------


class _Settling:
    """Waits, after a commit, until no process has a row from before it: once, for however many
    changes of the transaction."""

    def __init__(self) -> None:
        self.is_over = False

    def __call__(self) -> None:
        if self.is_over:
            return
        self.is_over = True
        forget()
        time.sleep(oauth_settings.CLIENT_CACHE_SECONDS + MARGIN_SECONDS)


_settling = threading.local()


def changed(columns: Iterable[str] | None, using: str) -> None:
    """Called after clients were written to the database ``using``: which columns, ``None`` if that
    isn't known, or if the rows are gone. Returns, or where a transaction is open lets its commit
    return, when that holds in every process."""
    if not oauth_settings.CLIENT_CACHE_SECONDS:
        return
    if columns is not None and TAKES_NOTHING.issuperset(columns):
        transaction.on_commit(forget, using=using)
        return
    # One that has not waited yet serves: it will, once this has been committed too.
    known = _settling.__dict__.get(using)
    if known is None or known.is_over:
        known = _settling.__dict__[using] = _Settling()
    transaction.on_commit(known, using=using)


def after_save(
    sender: Any, created: bool, update_fields: Iterable[str] | None, using: str, **_: Any
) -> None:
    """Receiver of ``post_save``. Nobody has a new client in memory."""
    if not created:
        changed(update_fields, using)


def after_delete(sender: Any, using: str, **_: Any) -> None:
    """Receiver of ``post_delete``."""
    changed(None, using)


def _forget(*, setting: str, **_: Any) -> None:
    if setting == "OSTIARY_OAUTH":
        forget()


setting_changed.connect(_forget)
