"""What waits in the outbox, for Prometheus."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from django.db.models import Count, Min, Q, Sum
from django.utils import timezone
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from ostiary.models import OutboxMessage

State = OutboxMessage.State


class OutboxCollector(Collector):
    """Depth by queue, kind and state, how overdue each queue is, and the attempts so far."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Two statements, each on a partial index: what is over is not looked at."""
        now = timezone.now()
        waiting = _by_kind(
            State.PENDING,
            attempts=Sum("attempts"),
            oldest=Min("created_at"),
            due=Min("next_attempt_at", filter=Q(next_attempt_at__lte=now)),
        )
        parked = _by_kind(State.PARKED)

        messages = GaugeMetricFamily(
            "ostiary_outbox_messages",
            "Messages that wait, or failed for good.",
            labels=["queue", "kind", "state"],
        )
        attempts = GaugeMetricFamily(
            "ostiary_outbox_attempts",
            "Attempts that the messages which wait have taken so far.",
            labels=["queue", "kind"],
        )
        overdue: Counter[str] = Counter({queue.value: 0 for queue in OutboxMessage.Queue})
        age = 0.0
        for row in waiting:
            messages.add_metric([row["queue"], row["kind"], State.PENDING], row["count"])
            attempts.add_metric([row["queue"], row["kind"]], row["attempts"])
            age = max(age, (now - row["oldest"]).total_seconds())
            if row["due"]:
                late = int((now - row["due"]).total_seconds())
                overdue[row["queue"]] = max(overdue[row["queue"]], late)
        for row in parked:
            messages.add_metric([row["queue"], row["kind"], State.PARKED], row["count"])
        yield messages
        yield attempts

        late_by = GaugeMetricFamily(
            "ostiary_outbox_overdue_seconds",
            "For how long the oldest message that is due has been so.",
            labels=["queue"],
        )
        for queue, seconds in overdue.items():
            late_by.add_metric([queue], seconds)
        yield late_by

        yield GaugeMetricFamily(
            "ostiary_outbox_pending", "Messages waiting to be delivered.", _total(waiting)
        )
        yield GaugeMetricFamily(
            "ostiary_outbox_oldest_seconds", "Age of the oldest message that waits.", age
        )
        yield GaugeMetricFamily(
            "ostiary_outbox_parked",
            "Messages that failed for good and wait for an operator.",
            _total(parked),
        )


def _by_kind(state: str, **told: Any) -> list[dict[str, Any]]:
    of_state = OutboxMessage.objects.filter(state=state).order_by()
    rows: Any = of_state.values("queue", "kind").annotate(count=Count("pk"), **told)
    return list(rows)


def _total(rows: list[dict[str, Any]]) -> int:
    return sum(row["count"] for row in rows)
