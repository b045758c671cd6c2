"""System checks of the outbox's settings, beside Celery's."""

from __future__ import annotations

from collections.abc import Iterator

from celery import current_app
from django.core.checks import CheckMessage, Error, Warning

from .conf import ostiary_settings
from .models import OutboxMessage


def problems() -> Iterator[CheckMessage]:
    """What is wrong, and what to write instead."""
    yield from _queues()
    yield from _days()
    yield from _lease()


def _queues() -> Iterator[CheckMessage]:
    known = OutboxMessage.Queue.values
    queues = ostiary_settings.OUTBOX_QUEUES
    for name in queues.keys() - {*known}:
        yield Error(
            f"OSTIARY['OUTBOX_QUEUES'] names {name!r}, which isn't an outbox queue.",
            hint=f"Known: {', '.join(known)}.",
            id="ostiary.E030",
        )
    taken = current_app.amqp.queues.keys()
    for name in sorted({*queues.values()} - taken):
        yield Warning(
            f"OSTIARY['OUTBOX_QUEUES'] sends messages to {name!r}, which Celery doesn't have: "
            "no worker takes from it, unless started with -Q for it.",
            hint="Name it in Celery's task_queues, too.",
            id="ostiary.W002",
        )


def _days() -> Iterator[CheckMessage]:
    for setting in ("OUTBOX_KEEP_DAYS", "OUTBOX_KEEP_PARKED_DAYS"):
        days = getattr(ostiary_settings, setting)
        if "default" not in days or min(days.values()) < 0:
            yield Error(
                f"OSTIARY[{setting!r}] has a negative number, or none for 'default'.",
                hint='Write for example {"default": 30, "mfa.sms": 7}.',
                id="ostiary.E031",
            )


def _lease() -> Iterator[CheckMessage]:
    limit = current_app.conf.task_time_limit
    lease = ostiary_settings.OUTBOX_LEASE_SECONDS
    if limit is not None and limit >= lease:
        yield Warning(
            f"A Celery task may run for {limit} seconds, and the lease of a message is {lease}: "
            "two workers may send the same one.",
            hint="Let OSTIARY['OUTBOX_LEASE_SECONDS'] be more than Celery's task_time_limit.",
            id="ostiary.W003",
        )
