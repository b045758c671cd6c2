"""Messages that failed for good: an operator sees them, retries or drops them, and it is logged."""

from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.db.models import F
from django.utils import timezone

from ostiary import cleanup, dead_letters, outbox
from ostiary.models import Event, OutboxMessage
from ostiary.outbox import State
from ostiary.privacy import pseudonym_of
from tests.operators import desk_of
from tests.ostiary import handlers  # noqa: F401  (of the kind "test")
from tests.ostiary.test_admin import whole_site  # noqa: F401  (a fixture)

pytestmark = pytest.mark.django_db
LIST = "/admin/ostiary/outboxmessage/"


@pytest.fixture
def operator():
    return get_user_model().objects.create(
        email="operator@example.com", is_staff=True, is_superuser=True
    )


@pytest.fixture
def desk(operator):
    """The operator's browser."""
    return desk_of(operator)


def make_parked(number: int = 1, *, kind: str = "test") -> list[OutboxMessage]:
    made = [outbox.enqueue(kind, {"code": "493027"}) for _ in range(number)]
    OutboxMessage.objects.filter(pk__in=[message.pk for message in made]).update(
        state=State.PARKED, attempts=20, last_error="OSError: no", finished_at=timezone.now()
    )
    return made


def do(desk, action, rows, *, query="", **more):
    selected = [str(row.pk) for row in rows]
    return desk.post(
        f"{LIST}{query}", {"action": action, "_selected_action": selected, **more}, follow=True
    )


def test_an_operator_retries_messages_and_it_is_logged(desk, operator):
    rows = make_parked(2)

    answer = do(desk, "retry", rows)

    assert "2 messages will be retried now." in answer.text
    assert set(OutboxMessage.objects.values_list("state", "attempts")) == {("pending", 0)}
    told = Event.objects.filter(kind="outbox.retried")
    assert {event.subject for event in told} == {pseudonym_of(operator)}
    assert sorted(event.details["message"] for event in told) == sorted(str(r.pk) for r in rows)


def test_messages_are_dropped_with_a_reason_that_is_kept_and_logged(desk, operator):
    rows = make_parked(3)
    asked = do(desk, "drop", rows)
    assert "test: 3" in asked.text
    assert OutboxMessage.objects.filter(state=State.PARKED).count() == 3

    answer = do(desk, "drop", rows, post="yes", reason="The shop has\nclosed.")

    assert "3 messages were dropped." in answer.text
    for row in OutboxMessage.objects.all():
        assert (row.state, row.payload) == (State.DROPPED, None)
        assert (row.last_error, row.drop_reason) == ("OSError: no", "The shop has closed.")
    for event in Event.objects.filter(kind="outbox.dropped"):
        assert event.subject == pseudonym_of(operator)
        assert event.details["reason"] == "The shop has closed."
        assert event.details["kind"] == "test"


@pytest.mark.parametrize("reason", ["", "   ", "x" * 201])
def test_without_a_reason_or_with_too_long_a_one_nothing_is_dropped(desk, reason):
    rows = make_parked()
    answer = do(desk, "drop", rows, post="yes", reason=reason)
    assert "errorlist" in answer.text
    assert OutboxMessage.objects.get().state == State.PARKED
    assert not Event.objects.filter(kind="outbox.dropped").exists()


def test_a_reason_names_nobody(desk):
    do(desk, "drop", make_parked(), post="yes", reason="alice@example.com, +41791234567 left")
    kept = OutboxMessage.objects.get().drop_reason
    [event] = Event.objects.filter(kind="outbox.dropped")
    assert kept == event.details["reason"] == "… … left"


def test_all_that_a_filter_finds_are_dropped_at_once(desk):
    make_parked(150, kind="events.hook")
    [other] = make_parked(kind="test")
    first = OutboxMessage.objects.filter(kind="events.hook")[:1]
    query = "?kind=events.hook&state__exact=parked"

    asked = do(desk, "drop", first, query=query, select_across="1")
    assert "events.hook: 150" in asked.text
    assert asked.text.count('name="_selected_action"') == 1
    do(desk, "drop", first, query=query, select_across="1", post="yes", reason="Not needed.")

    assert OutboxMessage.objects.exclude(state=State.DROPPED).get() == other


def test_what_was_dropped_is_not_retried_and_what_was_delivered_is_not_dropped(desk):
    rows = make_parked()
    do(desk, "drop", rows, post="yes", reason="No.")
    do(desk, "retry", rows)
    done = outbox.enqueue("test", {})
    outbox.deliver(done.pk)
    do(desk, "drop", [done], post="yes", reason="No.")

    assert not Event.objects.filter(kind="outbox.retried").exists()
    assert Event.objects.filter(kind="outbox.dropped").count() == 1
    done.refresh_from_db()
    assert done.state == State.DONE


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("kind=events.hook", 1),
        ("state__exact=parked", 2),
        ("queue__exact=bulk", 1),
        ("older=24", 1),
        ("older=24&kind=test", 0),
        ("older=nonsense", 3),
        ("kind=nonsense", 0),
    ],
)
def test_operators_find_messages_by_kind_state_queue_and_age(desk, query, found):
    make_parked()
    make_parked(kind="events.hook")
    outbox.enqueue("test", {})
    OutboxMessage.objects.filter(kind="events.hook").update(
        created_at=F("created_at") - timedelta(hours=25)
    )
    assert desk.get(f"{LIST}?{query}").context["cl"].result_count == found


def test_what_nobody_retries_is_dropped_by_its_kinds_days_and_logged(ostiary):
    ostiary(OUTBOX_KEEP_PARKED_DAYS={"default": 90, "events.hook": 7})
    make_parked(2, kind="events.hook")
    make_parked(kind="test")
    OutboxMessage.objects.update(finished_at=timezone.now() - timedelta(days=8))

    assert cleanup.give_up_parked_messages() == 2

    assert OutboxMessage.objects.get(state=State.PARKED).kind == "test"
    gone = OutboxMessage.objects.filter(state=State.DROPPED)
    assert {(row.payload, row.drop_reason) for row in gone} == {
        (None, "Nobody retried it in time.")
    }
    [event] = Event.objects.filter(kind="outbox.expired")
    assert event.details == {"kind": "events.hook", "count": 2}


def test_a_message_of_an_erased_person_says_so():
    [message] = make_parked()
    assert dead_letters.forget([message]) == 1
    message.refresh_from_db()
    assert (message.state, message.drop_reason) == (State.DROPPED, "The person was erased.")
