"""Statements that a connection has prepared: the server has parsed and planned each once.

What Django sends else has its values in its text, and is parsed and planned each time: for a row of
three tables that costs the server eight times as much as to find it.

A statement's name is the hash of its text. So a name never stands for another statement, whoever
shares a connection with whom, as they do behind a pooler.
"""

from __future__ import annotations

import functools
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC
from typing import Any

import psycopg
from psycopg import abc, pq
from psycopg.adapt import PyFormat, Transformer
from psycopg.errors import error_from_result
from psycopg.pq.abc import PGresult
from psycopg.types.datetime import TimestamptzLoader

IDLE = pq.TransactionStatus.IDLE
_GOOD = (pq.ExecStatus.TUPLES_OK, pq.ExecStatus.COMMAND_OK)
_FATAL = pq.ExecStatus.FATAL_ERROR
_ALREADY_THERE = b"42P05"
# The pooler has put us on another of its connections, or somebody has discarded all; the columns
# that a statement gives have become of other types.
_GONE, _OUTDATED = b"26000", b"0A000"


@functools.cache
def _numbered(sql: str) -> bytes:
    """The same with the server's placeholders, ``$1``, for Python's."""
    parts = re.split(r"%([s%])", sql)
    number, found = 0, [parts[0]]
    for kind, text in zip(parts[1::2], parts[2::2], strict=True):
        number += kind == "s"
        found += [f"${number}" if kind == "s" else "%", text]
    return "".join(found).encode()


@dataclass(slots=True)
class _Statement:
    """One that the server knows, and how its values and columns are written."""

    name: bytes
    timezone: Any
    transformer: abc.Transformer
    formats: list[PyFormat]
    columns_known: bool = False


class Statements:
    """The prepared statements of one connection."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection
        self._known: dict[str, _Statement] = {}
        self._outdated = 0

    @classmethod
    def of(cls, connection: psycopg.Connection[Any]) -> Statements:
        """Those of ``connection``: they live and end with it."""
        found: Statements | None = vars(connection).get("ostiary_statements")
        if found is None:
            found = vars(connection)["ostiary_statements"] = cls(connection)
        return found

    def run(self, sql: str, params: Sequence[Any], wrapper: Any) -> tuple[Any, int]:
        """The first row, ``None`` where there is none, and how many rows were found or changed.

        One that the server doesn't know any more is prepared anew where that can be done: not in a
        transaction, which has failed with it. Raises ``psycopg.Error``.
        """
        with self._connection.lock:
            self._begin()
            statement = self._known.get(sql) or self._prepare(sql, len(params), wrapper)
            if statement.timezone is not wrapper.timezone:
                self._read_as(wrapper, statement)
            result = self._asked(statement, params)
            if result.status == _FATAL and self._is_lost(sql, result):
                statement = self._prepare(sql, len(params), wrapper)
                result = self._asked(statement, params)
            return self._read(statement, result)

    def _begin(self) -> None:
        """Begin the transaction that Django has announced."""
        if not self._connection.autocommit:
            self._connection.wait(self._connection._start_query())

    def _prepare(self, sql: str, params: int, wrapper: Any) -> _Statement:
        text = _numbered(sql) + b" " * self._outdated
        name = b"ostiary_" + hashlib.sha256(text).hexdigest()[:32].encode()
        result = self._connection.pgconn.prepare(name, text)
        if result.status == _FATAL and _state_of(result) != _ALREADY_THERE:
            raise _error_of(result)
        statement = _Statement(name, wrapper.timezone, _reader(wrapper), [PyFormat.TEXT] * params)
        self._known[sql] = statement
        return statement

    def _read_as(self, wrapper: Any, statement: _Statement) -> None:
        """Read moments in the time zone that Django has now."""
        statement.timezone = wrapper.timezone
        statement.transformer, statement.columns_known = _reader(wrapper), False

    def _asked(self, statement: _Statement, params: Sequence[Any]) -> PGresult:
        # As text, of no type: the server knows of each what it is compared with or written to.
        values = statement.transformer.dump_sequence(params, statement.formats)
        # (None, for NULL, is missing in what psycopg says of its type.)
        return self._connection.pgconn.exec_prepared(statement.name, values)  # type: ignore[arg-type]

    def _is_lost(self, sql: str, result: PGresult) -> bool:
        """Whether ``result`` says that the statement must be prepared anew, and it can be."""
        state = _state_of(result)
        if state not in (_GONE, _OUTDATED):
            return False
        del self._known[sql]
        # As another text, and so by another name: under this a pooler would go on with what it has.
        self._outdated += state == _OUTDATED
        return self._connection.pgconn.transaction_status == IDLE

    @staticmethod
    def _read(statement: _Statement, result: PGresult) -> tuple[Any, int]:
        if result.status not in _GOOD:
            raise _error_of(result)
        if not result.ntuples:
            return None, result.command_tuples or 0
        transformer = statement.transformer
        transformer.set_pgresult(result, set_loaders=not statement.columns_known)
        statement.columns_known = True
        return transformer.load_row(0, tuple), result.ntuples


def _reader(wrapper: Any) -> abc.Transformer:
    """What writes values and reads columns as Django's own cursor does."""
    cursor = wrapper.create_cursor()
    if wrapper.timezone is cursor.connection.info.timezone is UTC:
        # Where both are UTC, Django's loader makes of each moment what it is already.
        cursor.adapters.register_loader("timestamptz", TimestamptzLoader)
    return Transformer(cursor)


def _state_of(result: PGresult) -> bytes:
    return result.error_field(pq.DiagnosticField.SQLSTATE) or b""


def _error_of(result: PGresult) -> psycopg.Error:
    """What went wrong; where the server says nothing, it has gone."""
    if not _state_of(result):
        return psycopg.OperationalError(result.get_error_message())
    return error_from_result(result)
