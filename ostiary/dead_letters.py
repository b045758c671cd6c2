"""Messages of the outbox that failed for good: retried or dropped by an operator, forgotten with a
person, or given up when nobody has looked at them for long."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Q, QuerySet
from django.utils import timezone

from .models import OutboxMessage
from .outbox import State, hand_over_after_commit
from .plain_reasons import plain

OPEN = [State.PENDING, State.PARKED]
"""What may still be sent, and has its content."""


def retry(message: OutboxMessage) -> bool:
    """Try a parked message again, from the first attempt; ``False`` if it isn't parked."""
    changed = OutboxMessage.objects.filter(pk=message.pk, state=State.PARKED).update(
        state=State.PENDING, attempts=0, next_attempt_at=timezone.now(), finished_at=None
    )
    if changed:
        hand_over_after_commit(message)
    return bool(changed)


def drop(message: OutboxMessage, reason: str) -> bool:
    """Give a message up, and blank it; ``False`` if it is over, or a worker holds it now.

    The reason is kept with it, without what looks personal.
    """
    free = Q(leased_until__isnull=True) | Q(leased_until__lt=timezone.now())
    return bool(give_up(OutboxMessage.objects.filter(free, pk=message.pk), reason))


def forget(messages: Iterable[OutboxMessage]) -> int:
    """The same for those that speak of a person who is erased, also if a worker holds one: that one
    may send it still, and nobody after. Returns how many."""
    rows = OutboxMessage.objects.filter(pk__in=[message.pk for message in messages])
    return give_up(rows, "The person was erased.")


def give_up(rows: QuerySet[OutboxMessage], reason: str) -> int:
    """Drop those that may still be sent; returns how many."""
    return rows.filter(state__in=OPEN).update(
        state=State.DROPPED,
        payload=None,
        leased_until=None,
        drop_reason=plain(reason),
        finished_at=timezone.now(),
    )
