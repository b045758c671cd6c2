"""What was deleted leaves the files of the database, too, not only its tables.

SQLite overwrites what is deleted where ``secure_delete`` is on, which it is on every connection
here; what is left is copies in the write-ahead log, until that is emptied. PostgreSQL leaves old
rows in its pages and its log: ``manage.py scrub_erased`` writes the tables anew.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.db import DatabaseError, OperationalError, connections, router
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

from . import outbox, privacy_map
from .models import Event
from .privacy_map import Mark

KIND = "ostiary.scrub_erased"
TOGETHER_SECONDS = 300
AFTER_MAIL_SECONDS = 60
AGAIN_SECONDS = 60
LOCK_TIMEOUT = "5s"
"""So long a table's turn is waited for: who waits for it keeps others waiting."""


def connect() -> None:
    """Called once, when the app is ready."""
    connection_created.connect(_overwrite_deleted, dispatch_uid="ostiary.secure_delete")


def _overwrite_deleted(sender: Any, connection: BaseDatabaseWrapper, **_: Any) -> None:
    if connection.vendor == "sqlite":
        connection.connection.execute("PRAGMA secure_delete=ON").close()


def empty_wal() -> bool:
    """Write SQLite's write-ahead log into its database and empty it; ``False`` where somebody is at
    it just now: then a later call does it (the clean-up makes one every ten minutes).

    Nobody is kept waiting, and nothing is done within a transaction or for another database.
    """
    done = [_checkpoint(each) for each in connections.all() if each.vendor == "sqlite"]
    return all(done)


def plan() -> None:
    """After an erasure, in its transaction: have a worker rewrite SQLite's files, soon, and once
    for all that are erased meanwhile. What ``secure_delete`` leaves is a copy here and there, of a
    row that was moved within its page."""
    using = router.db_for_write(Event)
    if connections[using].vendor == "sqlite":
        number, past = divmod(int(time.time()), TOGETHER_SECONDS)
        # Later than the receipt's mail, which is the last to hold an address.
        outbox.enqueue(
            KIND,
            {"database": using},
            key=f"{KIND}:{number}",
            delay_seconds=TOGETHER_SECONDS - past + AFTER_MAIL_SECONDS,
        )


@outbox.handler(KIND, at_least_every=AGAIN_SECONDS)
def carry_out(payload: dict[str, Any], key: str) -> None:
    """Rewrite the files of SQLite; while somebody writes, later."""
    connection = connections[payload["database"]]
    if connection.vendor == "sqlite" and any([*_rewrite_sqlite(connection)]):
        raise outbox.RetryAfter("The database is in use.", AGAIN_SECONDS)


def _checkpoint(connection: BaseDatabaseWrapper) -> bool:
    with contextlib.suppress(OperationalError), _without_waiting(connection) as cursor:
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        [busy, *_] = cursor.fetchone()
        return not busy
    return False


@contextlib.contextmanager
def _without_waiting(connection: BaseDatabaseWrapper) -> Iterator[Any]:
    """A cursor that fails at once where another connection is in its way: who waits here would
    hold the lock that all writers wait for."""
    if connection.in_atomic_block:
        raise OperationalError("in a transaction")
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout")
        [timeout] = cursor.fetchone()
        cursor.execute("PRAGMA busy_timeout=0")
        try:
            yield cursor
        finally:
            cursor.execute(f"PRAGMA busy_timeout={timeout}")


def rewrite(using: str) -> Iterator[str]:
    """Write the database anew without what was deleted, and put its log behind it; yields what
    could not be done, a sentence each. Tables are locked while they are written."""
    connection = connections[using]
    if connection.vendor == "sqlite":
        yield from _rewrite_sqlite(connection)
    elif connection.vendor == "postgresql":
        yield from _rewrite_postgresql(connection)
    else:
        yield f"For {connection.display_name} there is no way here."


def _rewrite_sqlite(connection: BaseDatabaseWrapper) -> Iterator[str]:
    try:
        with _without_waiting(connection) as cursor:
            cursor.execute("VACUUM")
    except OperationalError as problem:
        yield f"The file was not rewritten: {problem}."
    if not _checkpoint(connection):
        yield "The write-ahead log is in use, and not emptied."


def _rewrite_postgresql(connection: BaseDatabaseWrapper) -> Iterator[str]:
    quote = connection.ops.quote_name
    with connection.cursor() as cursor:
        cursor.execute(f"SET lock_timeout = '{LOCK_TIMEOUT}'")
        for table in tables():
            said = f"{table} was not rewritten"
            yield from _tried(cursor, f"VACUUM (FULL, ANALYZE) {quote(table)}", said)
        yield from _without_old_statistics(cursor, quote)
        cursor.execute("RESET lock_timeout")
        for statement, said in (
            ("SELECT pg_switch_wal()", "The log was not switched"),
            ("CHECKPOINT", "No checkpoint was made"),
        ):
            yield from _tried(cursor, statement, said)


def _without_old_statistics(cursor: Any, quote: Any) -> Iterator[str]:
    """Statistics hold the most common values of columns, and of an empty table ANALYZE takes none
    anew: the old ones stay. Their own table is rewritten after all others."""
    for table in tables():
        cursor.execute(f"SELECT EXISTS (SELECT FROM {quote(table)})")  # noqa: S608
        if not cursor.fetchone()[0]:
            yield from _tried(
                cursor,
                "DELETE FROM pg_catalog.pg_statistic WHERE starelid IN "
                "(SELECT %s::regclass UNION SELECT indexrelid FROM pg_index WHERE indrelid = "
                "%s::regclass)",
                f"The old statistics of {table} are still there",
                [quote(table)] * 2,
            )
    yield from _tried(
        cursor, "VACUUM (FULL) pg_catalog.pg_statistic", "The statistics were not rewritten"
    )


def _tried(cursor: Any, statement: str, said: str, values: Any = None) -> Iterator[str]:
    try:
        cursor.execute(statement, values)
    except DatabaseError as problem:
        yield f"{said}: {str(problem).splitlines()[0]}."


def tables() -> list[str]:
    """The tables in which something is erased or changed with a person. The security log's are not:
    rows of it stay, and can't be read any more."""
    every = [
        model
        for model in apps.get_models(include_auto_created=True)
        if model._meta.managed and model is not Event and _tells_of_people(model)
    ]
    return sorted({model._meta.db_table for model in every})


def _tells_of_people(model: Any) -> bool:
    if model._meta.auto_created:  # of a many-to-many field
        return True
    marks = set(privacy_map.marks_of(model).fields.values())
    return bool(marks & {Mark.PERSONAL, Mark.PSEUDONYMOUS})
