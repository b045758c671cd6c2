"""The connections to PostgreSQL that the site keeps."""

from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.db import (
    DatabaseError,
    IntegrityError,
    OperationalError,
    ProgrammingError,
    connection,
    transaction,
)
from django.db.backends.postgresql import base
from django.db.models import DateTimeField, UUIDField
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from ostiary import prepared
from ostiary.models import Session
from ostiary.prepared import Parameter

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("postgresql")]


def test_one_that_stands_is_usable_without_a_question(monkeypatch):
    monkeypatch.setattr(base.DatabaseWrapper, "is_usable", lambda _: pytest.fail("it was asked"))
    assert connection.is_usable()


def test_one_whose_transaction_has_failed_is_not_usable():
    with transaction.atomic():
        with pytest.raises(ProgrammingError), connection.cursor() as cursor:
            cursor.execute("SELECT * FROM no_such_table")
        assert not connection.is_usable()
        transaction.set_rollback(True)
    assert connection.is_usable()


# --- prepared statements ----------------------------------------------------------------------

outside_a_transaction = pytest.mark.django_db(transaction=True)
by_pk = prepared.Select(
    Session, lambda: Session.objects.filter(pk=Parameter("pk", UUIDField()), ended_at=None)
)
move = prepared.Update(
    Session,
    lambda: Session.objects.filter(pk=Parameter("pk", UUIDField())),
    {"last_seen_at": Parameter("now", DateTimeField())},
)


@pytest.fixture
def session(db):
    now = timezone.now()
    person = get_user_model().objects.create(email="alice@example.com")
    session = Session.objects.create(
        user=person, amr=["pwd"], created_at=now, authenticated_at=now, last_seen_at=now
    )
    yield session
    connection.close()  # the next test begins with a connection that has prepared nothing


def asked(sql, *params):
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.fetchall() if cursor.description else None


def statements():
    """What the connection has prepared about sessions: whole statements, and how often each was run
    by a plan that holds for all values."""
    prepared_ones = "SELECT statement, generic_plans FROM pg_prepared_statements"
    of_sessions = f"%{Session._meta.db_table}%"
    return asked(f"{prepared_ones} WHERE statement LIKE %s ORDER BY 1", of_sessions)


@outside_a_transaction
def test_a_hot_query_is_prepared_once_and_planned_once_and_no_other_is(session):
    connection.close()
    for _ in range(10):
        assert by_pk.first(pk=session.pk) == session
        assert move.run(pk=session.pk, now=timezone.now()) == 1
        assert Session.objects.filter(pk=session.pk).exists()

    (select, of_select), (update, of_update) = statements()
    assert select.startswith("SELECT")
    assert update.startswith("UPDATE")
    assert "$1" in select
    assert min(of_select, of_update) >= 4  # the first five are planned for their values


def test_it_is_counted_and_told_with_its_values(session):
    with CaptureQueriesContext(connection) as queries:
        by_pk.first(pk=session.pk)
        move.run(pk=session.pk, now=timezone.now())

    assert len(queries) == 2
    assert session.pk.hex in queries[0]["sql"]


def test_who_watches_statements_sees_it_and_may_refuse_it(session):
    def refuse(execute, sql, params, many, context):
        raise PermissionError(sql)

    with connection.execute_wrapper(refuse), pytest.raises(PermissionError, match="UPDATE"):
        move.run(pk=session.pk, now=timezone.now())


@outside_a_transaction
@pytest.mark.parametrize("table_is_changed_by", ["this connection", "another one"])
def test_a_column_that_gets_another_type_while_we_serve_fails_no_query(
    session, table_is_changed_by
):
    def widen(length):
        changing = connection if table_is_changed_by == "this connection" else connection.copy()
        with changing.cursor() as cursor:
            cursor.execute(
                f"ALTER TABLE {Session._meta.db_table} ALTER user_agent TYPE varchar({length})"
            )
        if changing is not connection:
            changing.close()

    assert by_pk.first(pk=session.pk) == session
    widen(500)
    try:
        assert by_pk.first(pk=session.pk) == session
        assert by_pk.first(pk=session.pk) == session
        assert len(statements()) == 2  # the one of before, which is never run again, and the new
    finally:
        widen(400)


@outside_a_transaction
def test_in_a_transaction_that_fails_and_the_next_one_is_good(session):
    by_pk.first(pk=session.pk)
    asked("DEALLOCATE ALL")
    with pytest.raises(DatabaseError), transaction.atomic():
        by_pk.first(pk=session.pk)

    with transaction.atomic():
        assert by_pk.first(pk=session.pk) == session


@outside_a_transaction
def test_what_a_pooler_has_forgotten_or_kept_for_another_is_prepared_anew(session):
    by_pk.first(pk=session.pk)
    asked("DEALLOCATE ALL")
    assert by_pk.first(pk=session.pk) == session
    assert len(statements()) == 1

    del vars(connection.connection)["ostiary_statements"]  # as one that hasn't prepared it
    assert by_pk.first(pk=session.pk) == session


@outside_a_transaction
def test_a_new_connection_prepares_its_own(session):
    by_pk.first(pk=session.pk)
    other = connection.copy()
    with other.cursor() as cursor:
        pid = connection.connection.info.backend_pid
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
    other.close()

    with pytest.raises(OperationalError):
        by_pk.first(pk=session.pk)
    connection.close()
    assert by_pk.first(pk=session.pk) == session


def test_nothing_is_asked_in_a_transaction_that_is_to_be_rolled_back(session):
    with transaction.atomic():
        transaction.set_rollback(True)
        with pytest.raises(transaction.TransactionManagementError):
            by_pk.first(pk=session.pk)


@outside_a_transaction
def test_an_error_is_the_one_that_django_raises_and_spoils_no_more_than_its_transaction(session):
    with transaction.atomic():
        with pytest.raises(IntegrityError), transaction.atomic():
            move.run(pk=session.pk, now=None)
        assert move.run(pk=session.pk, now=timezone.now()) == 1
    with pytest.raises(IntegrityError):
        move.run(pk=session.pk, now=None)
    assert by_pk.first(pk=session.pk) == session


@outside_a_transaction
def test_what_is_rolled_back_is_undone(session):
    later = timezone.now() + timedelta(hours=1)
    with transaction.atomic():
        move.run(pk=session.pk, now=later)  # the first statement of its transaction
        transaction.set_rollback(True)

    assert by_pk.first(pk=session.pk).last_seen_at == session.last_seen_at


def test_moments_are_read_in_the_time_zone_of_the_moment(session, settings):
    for name in ("UTC", "Asia/Tokyo"):
        settings.TIME_ZONE = name
        found = by_pk.first(pk=session.pk).last_seen_at
        ordinary = Session.objects.get(pk=session.pk).last_seen_at
        assert found == ordinary == session.last_seen_at
        assert found.utcoffset() == ordinary.utcoffset()


@outside_a_transaction
def test_it_can_be_turned_off(session, monkeypatch):
    monkeypatch.setitem(connection.settings_dict["OPTIONS"], "prepared_statements", False)
    connection.close()

    assert by_pk.first(pk=session.pk) == session
    assert move.run(pk=session.pk, now=timezone.now()) == 1
    assert statements() == []
