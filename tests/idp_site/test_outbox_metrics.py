"""What ``/metrics`` tells of the outbox."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from idp_site.outbox_metrics import OutboxCollector
from ostiary import outbox
from ostiary.models import OutboxMessage

pytestmark = pytest.mark.django_db
NAMES = ("queue", "kind", "state")


def told(client) -> dict[tuple[str, ...], float]:
    """Each figure of the outbox, by its name and its queue, kind and state."""
    found = {}
    for family in text_string_to_metric_families(client.get("/metrics").content.decode()):
        for sample in family.samples:
            if sample.name.startswith("ostiary_outbox_"):
                labels = (sample.labels[name] for name in NAMES if name in sample.labels)
                found[sample.name.removeprefix("ostiary_outbox_"), *labels] = sample.value
    return found


def make(kind: str, number: int = 1, *, queue=None, late: float = 0, **fields) -> None:
    for _ in range(number):
        message = outbox.enqueue(kind, {}, queue=queue)
        assert message is not None
        at = timezone.now() - timedelta(seconds=late)
        OutboxMessage.objects.filter(pk=message.pk).update(
            next_attempt_at=at, created_at=at, **fields
        )


def test_of_an_empty_outbox_every_queue_is_told_as_not_overdue(client):
    found = told(client)
    assert {key[1]: value for key, value in found.items() if key[0] == "overdue_seconds"} == {
        "urgent": 0,
        "sms": 0,
        "normal": 0,
        "bulk": 0,
    }
    assert (found["pending",], found["parked",], found["oldest_seconds",]) == (0, 0, 0)


def test_depth_is_told_by_queue_kind_and_state_and_what_is_over_is_not(client):
    make("email.send", 2, queue=outbox.Queue.URGENT, attempts=3)
    make("email.send", late=100)
    make("events.hook", 3, state="parked", finished_at=timezone.now())
    make("events.hook", late=-600)
    make("events.hook", state="done", finished_at=timezone.now())
    make("events.hook", state="dropped", finished_at=timezone.now())

    found = told(client)

    assert {key[1:]: value for key, value in found.items() if key[0] == "messages"} == {
        ("urgent", "email.send", "pending"): 2,
        ("normal", "email.send", "pending"): 1,
        ("bulk", "events.hook", "pending"): 1,
        ("bulk", "events.hook", "parked"): 3,
    }
    assert found["attempts", "urgent", "email.send"] == 6
    assert 100 <= found["overdue_seconds", "normal"] < 130
    assert found["overdue_seconds", "bulk"] == 0  # it has time yet
    assert (found["pending",], found["parked",]) == (4, 3)
    assert 100 <= found["oldest_seconds",] < 130


def test_it_costs_two_statements_on_indexes_however_much_is_over(postgresql):
    over = {"kind": "test", "state": "done", "finished_at": timezone.now()}
    OutboxMessage.objects.bulk_create(OutboxMessage(**over) for _ in range(5000))
    make("email.send", 3)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE ostiary_outboxmessage")
    with CaptureQueriesContext(
        connection,
    ) as queries:
        list(OutboxCollector().collect())
    assert len(queries) == 2
    with connection.cursor() as cursor:
        for query in queries:
            cursor.execute(f"EXPLAIN {query['sql']}")
            plan = " ".join(line for (line,) in cursor.fetchall())
            assert "Index" in plan
            assert "Seq Scan" not in plan
