"""Queries of hot paths, whose SQL is made once in a process instead of each time.

For a model of forty columns, making the SQL takes Django ten times as long as running it takes the
database. What is written here is an ordinary queryset with a ``Parameter`` in the place of each
value; what comes back are ordinary instances, read from the database each time::

    _by_name = prepared.Select(
        Client, lambda: Client.objects.filter(client_id=Parameter("name", CharField()))
    )
    client = _by_name.first(name="demo")

For querysets whose ``filter`` and ``select_related`` never vary. No value is ``None``, which would
be other SQL. With the backend ``idp_site.postgresql`` the server keeps the statement too,
parsed and planned.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.db import connections, router
from django.db.models import Expression, Field, Model, QuerySet
from django.db.models.base import ModelState
from django.db.models.constants import OnConflict
from django.db.models.fields.related_descriptors import ForeignKeyDeferredAttribute
from django.db.models.query_utils import DeferredAttribute
from django.db.models.signals import post_init, pre_init
from django.db.models.sql import InsertQuery, UpdateQuery
from django.db.transaction import atomic

M = TypeVar("M", bound=Model)


class Parameter(Expression):
    """A value that is given when the query runs, written as one of ``output_field``."""

    def __init__(self, name: str, output_field: Field[Any, Any]) -> None:
        super().__init__(output_field=output_field)
        self.name = name

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        """A placeholder, whose value is this object until there is one."""
        return "%s", (self,)


@dataclass(frozen=True)
class _Statement:
    """SQL, and what it is given: values, and parameters that become values."""

    sql: str
    given: Sequence[Any]

    def run(self, connection: Any, values: Mapping[str, Any]) -> tuple[Sequence[Any] | None, int]:
        """As ``_run``."""
        return _run(connection, self.sql, self.values(connection, values))

    def values(self, connection: Any, values: Mapping[str, Any]) -> list[Any]:
        """What it is given, with ``values`` in the place of their parameters."""
        return [
            each.output_field.get_db_prep_value(values[each.name], connection)
            if isinstance(each, Parameter)
            else each
            for each in self.given
        ]


def _run(connection: Any, sql: str, given: Sequence[Any]) -> tuple[Sequence[Any] | None, int]:
    """The first row, ``None`` where there is none, and how many rows were found or changed; by a
    prepared statement where the database backend has them (``idp_site.postgresql``)."""
    run_prepared = getattr(connection, "run_prepared", None)
    if run_prepared is not None:
        found: tuple[Sequence[Any] | None, int] = run_prepared(sql, given)
        return found
    with connection.cursor() as cursor:
        cursor.execute(sql, given)
        return (cursor.fetchone() if cursor.description else None), int(cursor.rowcount)


def _write(connection: Any, sql: str, given: Sequence[Any]) -> int:
    """How many rows were written. As all that writes by Django does, an error lets the transaction
    it is in go no further (``mark_for_rollback_on_error``, which looks the connection up again)."""
    try:
        _, written = _run(connection, sql, given)
    except Exception as problem:
        if connection.in_atomic_block:
            connection.needs_rollback, connection.rollback_exc = True, problem
        raise
    return written


@dataclass(frozen=True)
class _Instance:
    """How an instance comes from the columns of a row, and those selected with it."""

    model: type[Model]
    names: Sequence[str]
    columns: slice
    pk: int
    plain: bool
    set_by_field: Sequence[str]
    related: Sequence[tuple[Callable[[Any, Any], None], Callable[[Any, Any], None], _Instance]]

    @classmethod
    def of(cls, told: Mapping[str, Any], select: Sequence[Any]) -> _Instance:
        """As Django's compiler tells it of a model (``klass_info``)."""
        columns = slice(told["select_fields"][0], told["select_fields"][-1] + 1)
        targets = [each[0].target for each in select[columns]]
        model, names = told["model"], [target.attname for target in targets]
        return cls(
            model=model,
            names=names,
            columns=columns,
            pk=columns.start + targets.index(model._meta.pk),
            plain=_is_plain(model),
            set_by_field=[name for name in names if _is_set_by_field(model, name)],
            related=[
                (each["local_setter"], each["remote_setter"], cls.of(each, select))
                for each in told.get("related_klass_infos", ())
            ],
        )

    def made(self, row: Sequence[Any], alias: str) -> Any:
        """The instance; ``None`` where an outer join found none."""
        if row[self.pk] is None:
            return None
        if self.plain:
            instance = self._put_together(row, alias)
        else:
            instance = self.model.from_db(alias, self.names, row[self.columns])
        for set_here, set_there, related in self.related:
            other = related.made(row, alias)
            set_here(instance, other)
            if other is not None:
                set_there(other, instance)
        return instance

    def _put_together(self, row: Sequence[Any], alias: str) -> Any:
        """As ``from_db`` would make it, without asking each field how it is set: that is half of
        what such a query costs. A column that was left out is read when it is asked for."""
        instance = self.model.__new__(self.model)
        instance._state = state = ModelState()
        state.adding, state.db = False, alias
        values = dict(zip(self.names, row[self.columns], strict=True))
        own = [(name, values.pop(name)) for name in self.set_by_field]
        instance.__dict__.update(values)
        for name, value in own:
            setattr(instance, name, value)
        return instance


def _is_plain(model: type[Model]) -> bool:
    """Whether an instance is its columns and no more: nobody listens for instances of the model,
    and it has no way of its own to make one."""
    return (
        model.__init__ is Model.__init__
        and getattr(model.from_db, "__func__", None) is getattr(Model.from_db, "__func__", None)
        and model.__setattr__ is Model.__setattr__
        and not pre_init.has_listeners(model)
        and not post_init.has_listeners(model)
    )


def _is_set_by_field(model: type[Model], name: str) -> bool:
    """Whether the field wants to know when the column is set, as that of an encrypted one does."""
    return type(getattr(model, name)) not in (DeferredAttribute, ForeignKeyDeferredAttribute)


_defaults: dict[type[Model], dict[str, Callable[[], Any]]] = {}


def new(model: type[M], **values: Any) -> M:
    """``model(**values)``, at a third of what that costs; ``values`` by the names of their columns
    (``user_id``). For models whose instances are their columns and no more."""
    if not _is_plain(model):
        return model(**values)
    defaults = _defaults.get(model)
    if defaults is None:
        fields = model._meta.local_concrete_fields
        defaults = _defaults[model] = {field.attname: field.get_default for field in fields}
    instance = model.__new__(model)
    instance._state = ModelState()
    for name, default in defaults.items():
        instance.__dict__[name] = values[name] if name in values else default()
    return instance


@dataclass(frozen=True)
class _Selection:
    statement: _Statement
    converters: Sequence[tuple[int, Sequence[Callable[[Any, Any, Any], Any]], Any]]
    instance: _Instance

    @classmethod
    def of(cls, queryset: QuerySet[Any]) -> _Selection:
        compiler = queryset.query.get_compiler(queryset.db)
        statement = _Statement(*compiler.as_sql())
        converters = compiler.get_converters([each[0] for each in compiler.select])
        return cls(
            statement,
            [(at, functions, column) for at, (functions, column) in converters.items()],
            _Instance.of(compiler.klass_info, compiler.select),
        )


class Select(Generic[M]):
    """A query for instances of one model, and those that it selects with them."""

    def __init__(self, model: type[M], build: Callable[[], QuerySet[M]]) -> None:
        """``build`` is called at the first use, and once for each database."""
        self._model, self._build = model, build
        self._known: dict[str, _Selection] = {}

    def first(self, **values: Any) -> M | None:
        """The first of the rows that the database finds (one SQL statement)."""
        alias = router.db_for_read(self._model)
        selection = self._known.get(alias)
        if selection is None:
            selection = self._known[alias] = _Selection.of(self._build().using(alias))
        connection = connections[alias]
        found, _ = selection.statement.run(connection, values)
        if found is None:
            return None
        row = list(found)
        for at, functions, column in selection.converters:
            for function in functions:
                row[at] = function(row[at], column, connection)
        instance: M = selection.instance.made(row, alias)
        return instance


class Update(Generic[M]):
    """An ``UPDATE`` of the rows that a query selects; its condition and its values may both have
    parameters."""

    def __init__(
        self, model: type[M], build: Callable[[], QuerySet[M]], changes: Mapping[str, Any]
    ) -> None:
        self._model, self._build, self._changes = model, build, changes
        self._known: dict[str, _Statement] = {}

    def run(self, **values: Any) -> int:
        """How many rows were changed (one SQL statement)."""
        alias = router.db_for_write(self._model)
        connection, statement = connections[alias], self.statement(alias)
        return _write(connection, statement.sql, statement.values(connection, values))

    def statement(self, alias: str) -> _Statement:
        """The statement for this database."""
        statement = self._known.get(alias)
        if statement is None:
            query: Any = self._build().using(alias).query.chain(UpdateQuery)
            query.add_update_values(self._changes)
            statement = self._known[alias] = _Statement(*query.get_compiler(alias).as_sql())
        return statement


class Insert(Generic[M]):
    """An ``INSERT`` of one instance, which must have its primary key. It sends no signals."""

    def __init__(self, model: type[M], *, ignore_conflicts: bool = False) -> None:
        self._model = model
        self._on_conflict = OnConflict.IGNORE if ignore_conflicts else None
        self._known: dict[str, str] = {}

    def run(self, instance: M) -> M:
        """Write it (one SQL statement); returns it. Raises ``IntegrityError``."""
        alias = router.db_for_write(self._model, instance=instance)
        connection = connections[alias]
        _write(connection, self.sql(alias, instance), self.given(instance, connection))
        instance._state.adding, instance._state.db = False, alias
        return instance

    def sql(self, alias: str, instance: M) -> str:
        """The statement for this database, which is the same for every instance."""
        sql = self._known.get(alias)
        if sql is None:
            query = InsertQuery(self._model, on_conflict=self._on_conflict)
            query.insert_values(self._model._meta.local_concrete_fields, [instance])
            ((sql, _),) = query.get_compiler(alias).as_sql()
            self._known[alias] = sql
        return sql

    def given(self, instance: M, connection: Any) -> list[Any]:
        """The values of ``instance``, as they are written."""
        return [
            field.get_db_prep_save(field.pre_save(instance, add=True), connection)
            for field in self._model._meta.local_concrete_fields
        ]


class UpdateThenInsert(Generic[M]):
    """An ``UPDATE`` of one row, and where it changed that, an ``INSERT``: both, or neither.

    On PostgreSQL one statement, which commits by itself where no transaction is open.
    """

    def __init__(self, update: Update[Any], insert: Insert[M]) -> None:
        self._update, self._insert, self._model = update, insert, insert._model
        self._known: dict[str, str] = {}

    def run(self, instance: M, **values: Any) -> bool:
        """Whether the row was changed, and ``instance`` written. Raises ``IntegrityError``."""
        alias = router.db_for_write(self._model, instance=instance)
        connection = connections[alias]
        if connection.vendor != "postgresql":
            with atomic(using=alias, savepoint=False):
                changed = bool(self._update.run(**values))
                if changed:
                    self._insert.run(instance)
                return changed
        update = self._update.statement(alias)
        given = [*update.values(connection, values), *self._insert.given(instance, connection)]
        written = _write(connection, self._sql(alias, instance), given)
        instance._state.adding, instance._state.db = False, alias
        return bool(written)

    def _sql(self, alias: str, instance: M) -> str:
        sql = self._known.get(alias)
        if sql is None:
            update = self._update.statement(alias).sql
            into, _, values = self._insert.sql(alias, instance).partition(" VALUES (")
            # Both have been made by Django, with a placeholder for each value.
            insert = f"{into} SELECT {values[:-1]} FROM changed"  # noqa: S608
            sql = self._known[alias] = f"WITH changed AS ({update} RETURNING 1) {insert}"
        return sql
