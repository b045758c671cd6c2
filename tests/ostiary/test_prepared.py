"""What a prepared query finds and changes is what the ordinary one would."""

import uuid
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import CharField, DateTimeField, GenericIPAddressField, UUIDField
from django.db.models.signals import post_init
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from ostiary import prepared
from ostiary.models import PersonKey, Session
from ostiary.prepared import Parameter

pytestmark = pytest.mark.django_db

by_key = prepared.Select(
    Session,
    lambda: Session.objects.select_related("user").filter(
        session_key=Parameter("key", CharField()), ended_at__isnull=True
    ),
)
by_pk = prepared.Select(
    Session, lambda: Session.objects.filter(pk=Parameter("pk", UUIDField())).only("pk", "amr")
)
move = prepared.Update(
    Session,
    lambda: Session.objects.filter(pk=Parameter("pk", UUIDField())),
    {
        "last_seen_at": Parameter("now", DateTimeField()),
        "ip_address": Parameter("address", GenericIPAddressField()),
    },
)


@pytest.fixture
def session(person):
    now = timezone.now()
    return Session.objects.create(
        user=person,
        session_key="k" * 32,
        amr=["pwd", "otp"],
        created_at=now,
        authenticated_at=now,
        last_seen_at=now,
        ip_address="192.0.2.1",
    )


def values_of(instance):
    return {field.attname: getattr(instance, field.attname) for field in instance._meta.fields}


def test_an_instance_is_what_the_queryset_would_give(session, person, django_assert_num_queries):
    expected = Session.objects.select_related("user").get(pk=session.pk)

    for _ in range(2):  # as the SQL is made, and once it is there
        with django_assert_num_queries(1):
            found = by_key.first(key=session.session_key)
            assert values_of(found.user) == values_of(expected.user)
        assert found == expected
        assert values_of(found) == values_of(expected)
        assert not found._state.adding
        assert found._state.db == expected._state.db


def test_what_is_not_there_is_none(session):
    assert by_key.first(key="other") is None
    assert by_pk.first(pk=uuid.uuid4()) is None
    session.ended_at = timezone.now()
    session.save()
    assert by_key.first(key=session.session_key) is None


def test_it_reads_what_is_in_the_database_now(session):
    assert by_pk.first(pk=session.pk).amr == ["pwd", "otp"]
    Session.objects.filter(pk=session.pk).update(amr=["pwd"])
    assert by_pk.first(pk=session.pk).amr == ["pwd"]


def test_columns_left_out_are_read_when_asked_for(session, django_assert_num_queries):
    found = by_pk.first(pk=session.pk)
    with django_assert_num_queries(0):
        assert found.amr == ["pwd", "otp"]
    with django_assert_num_queries(1):
        assert found.session_key == session.session_key


def test_who_listens_for_instances_hears_of_each(session):
    heard = []

    def listen(sender, instance, **_):
        heard.append(instance)

    post_init.connect(listen, sender=Session)
    try:
        query = prepared.Select(
            Session, lambda: Session.objects.filter(pk=Parameter("pk", UUIDField()))
        )
        found = query.first(pk=session.pk)
    finally:
        post_init.disconnect(listen, sender=Session)

    assert len(heard) == 1
    assert heard[0] is found


def test_an_encrypted_column_is_what_the_queryset_would_give(db):
    written = PersonKey.objects.create(subject="somebody", key=b"k" * 32)
    query = prepared.Select(
        PersonKey, lambda: PersonKey.objects.filter(pk=Parameter("pk", UUIDField()))
    )
    assert values_of(query.first(pk=written.pk)) == values_of(written)


def test_a_value_is_never_part_of_the_sql(session):
    assert by_key.first(key="' OR 1=1 --") is None
    assert by_key.first(key="%s") is None


def test_an_update_changes_what_it_names_and_tells_how_many(session, django_assert_num_queries):
    later = timezone.now() + timedelta(hours=1)
    for address in ("192.0.2.2", "2001:db8::1"):
        with django_assert_num_queries(1):
            assert move.run(pk=session.pk, now=later, address=address) == 1
        session.refresh_from_db()
        assert (session.last_seen_at, session.ip_address) == (later, address)
    assert move.run(pk=uuid.uuid4(), now=later, address="192.0.2.3") == 0


def test_a_failed_update_spoils_its_transaction_as_djangos_does(session):
    with transaction.atomic():
        with pytest.raises(IntegrityError):
            move.run(pk=session.pk, now=None, address="192.0.2.2")
        assert transaction.get_rollback()


end_and_begin = prepared.UpdateThenInsert(
    prepared.Update(
        Session,
        lambda: Session.objects.filter(pk=Parameter("pk", UUIDField()), ended_at__isnull=True),
        {"ended_at": Parameter("now", DateTimeField())},
    ),
    prepared.Insert(Session),
)


def like(session, **changed):
    values = {**values_of(session), "id": uuid.uuid4(), "session_key": "other", **changed}
    return Session(**values)


def test_an_update_and_an_insert_are_both_done_once(session):
    now = timezone.now()
    first, second = like(session), like(session)
    with CaptureQueriesContext(connection) as queries:
        assert end_and_begin.run(first, pk=session.pk, now=now)
    assert len(queries) == (1 if connection.vendor == "postgresql" else 2)
    assert not end_and_begin.run(second, pk=session.pk, now=now)

    session.refresh_from_db()
    assert session.ended_at == now
    assert values_of(Session.objects.get(pk=first.pk)) == values_of(first)
    assert not first._state.adding
    assert not Session.objects.filter(pk=second.pk).exists()


@pytest.mark.django_db(transaction=True)
def test_of_an_update_and_an_insert_that_fails_neither_is_done(session):
    with pytest.raises(IntegrityError):
        end_and_begin.run(like(session, id=session.pk), pk=session.pk, now=timezone.now())

    session.refresh_from_db()
    assert session.ended_at is None
    assert end_and_begin.run(like(session), pk=session.pk, now=timezone.now())


def test_a_new_instance_is_what_the_model_would_make(session, person):
    now = timezone.now()
    given = {"id": uuid.uuid4(), "user_id": person.pk, "created_at": now, "last_seen_at": now}
    made = prepared.new(Session, **given)

    assert values_of(made) == values_of(Session(**given))
    assert made._state.adding
    assert made.user == person
    assert made.amr is not prepared.new(Session, **given).amr

    key = prepared.new(PersonKey, subject="somebody", key=b"k" * 32)
    key.save()
    assert PersonKey.objects.get(pk=key.pk).key == b"k" * 32
