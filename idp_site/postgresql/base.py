"""The database backend: ``ENGINE = "idp_site.postgresql"``."""

from __future__ import annotations

import select
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import psycopg
from django.db.backends.postgresql import base

from .statements import Statements

STATUS = psycopg.pq.TransactionStatus


class _PreparedCursor:
    """A cursor for who counts or logs statements: it runs prepared ones and gives one row."""

    def __init__(self, db: DatabaseWrapper) -> None:
        self._db = db
        self._ran: tuple[str, Sequence[Any]] = ("", ())
        self.found: tuple[Any, int] = (None, 0)

    def execute(self, sql: str, params: Sequence[Any]) -> None:
        self._ran = sql, params
        self.found = Statements.of(self._db.connection).run(sql, params, self._db)

    @property
    def _query(self) -> SimpleNamespace:
        """What Django writes to its log: the statement with its values."""
        return SimpleNamespace(query=self._db.ops.compose_sql(*self._ran).encode())

    def close(self) -> None:
        """Nothing is kept."""


class DatabaseWrapper(base.DatabaseWrapper):
    """Django's, with prepared statements for the queries of hot paths, and with a check of the
    connection that asks nothing.

    Before the first query of each request Django asks the server whether it is there, which costs
    as much as a query. A server that has gone, or was restarted, has closed its end: then there is
    something to read where nobody has asked anything. So only where there is, or the system can't
    tell, Django's question is put.
    """

    def get_connection_params(self) -> dict[str, Any]:
        """Django's, without what is for ``run_prepared``."""
        params: dict[str, Any] = super().get_connection_params()
        params.pop("prepared_statements", None)
        return params

    def run_prepared(self, sql: str, params: Sequence[Any]) -> tuple[Any, int]:
        """Run a statement that the connection prepares at its first use; returns the first row,
        ``None`` where there is none, and how many rows were found or changed.

        With ``OPTIONS = {"prepared_statements": False}`` it is run as any other. Raises Django's
        database errors.
        """
        if self.settings_dict["OPTIONS"].get("prepared_statements") is False:
            with self.cursor() as cursor:
                cursor.execute(sql, params)
                return (cursor.fetchone() if cursor.description else None), cursor.rowcount
        self.close_if_health_check_failed()
        self.ensure_connection()  # which also refuses a thread that runs an event loop
        if self.queries_logged or self.execute_wrappers:
            counted = self._prepare_cursor(_PreparedCursor(self))  # type: ignore[attr-defined]
            with counted as cursor:
                cursor.execute(sql, params)
                found: tuple[Any, int] = cursor.found
                return found
        self.validate_thread_sharing()
        self.validate_no_broken_transaction()
        with self.wrap_database_errors:
            return Statements.of(self.connection).run(sql, params, self)

    def is_usable(self) -> bool:
        """Whether the connection can be used, for ``CONN_HEALTH_CHECKS``."""
        return self._is_quiet() or super().is_usable()

    def _is_quiet(self) -> bool:
        """Whether the server has said nothing since its last answer, and not hung up."""
        if self.connection is None or self.connection.closed:
            return False
        # In a transaction that has failed, nothing can be asked.
        if self.connection.pgconn.transaction_status not in (STATUS.IDLE, STATUS.INTRANS):
            return False
        try:
            poll = select.poll()
            poll.register(self.connection.fileno(), select.POLLIN)
            return not poll.poll(0)
        except (AttributeError, OSError, psycopg.Error):
            return False
