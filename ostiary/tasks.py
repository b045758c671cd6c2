"""Celery tasks of the ground floor, each an idempotent call into the rest. Their arguments are
identifiers, never contents: what a broker holds is not secret (SECURITY H9)."""

import functools
from typing import Any

from celery import shared_task

from . import (  # they bring handlers
    cleanup,
    erasure,
    event_chain,
    exports,
    hooks,  # noqa: F401
    mail,  # noqa: F401
    mail_reports,  # noqa: F401
    outbox,
    scrubbing,
)
from .periodic import every
from .regions import alarms


@shared_task(name="ostiary.outbox.sweep", acks_late=True, ignore_result=True)
def sweep(queue: str | None = None) -> None:
    """Deliver what is due in this queue and was not handed over, or whose worker died."""
    outbox.deliver_due(queue=queue)


@shared_task(name="ostiary.events.seal", acks_late=True, ignore_result=True)
def seal() -> None:
    """Seal new events into the chain."""
    event_chain.seal()


@shared_task(name="ostiary.erasure.run_due", acks_late=True, ignore_result=True)
def carry_out_erasures() -> None:
    """Carry out the erasures that are due, and go on with those whose worker died."""
    erasure.run_due()


@shared_task(name="ostiary.cleanup", acks_late=True, ignore_result=True)
def clean_up() -> None:
    """Remove what has ended, for as long as it keeps up; seal events that committed very late."""
    cleanup.keep_up(
        clean_up,
        cleanup.end_expired_sessions,
        cleanup.remove_ended_sessions,
        cleanup.forget_old_visits,
        cleanup.remove_expired_django_sessions,
        cleanup.give_up_parked_messages,
        # Before what is delivered goes: an export whose message is gone counts as given up.
        exports.give_up_dead,
        exports.remove_expired,
        cleanup.remove_delivered_messages,
        cleanup.remove_sent_mail,
        cleanup.remove_throttle_counters,
        cleanup.remove_region_tokens,
        cleanup.remove_factor_resets,
        alarms.tell,
        # Last: what the others deleted leaves the write-ahead log with it.
        scrubbing.empty_wal,
        functools.partial(event_chain.seal, event_chain.LATE),
    )


BEAT_SCHEDULE: dict[str, dict[str, Any]] = {
    **every(60, "ostiary.events.seal"),
    **every(30, "ostiary.erasure.run_due"),
    **every(600, "ostiary.cleanup"),
}
for queue in outbox.Queue:
    BEAT_SCHEDULE |= every(
        10,
        "ostiary.outbox.sweep",
        name=f"ostiary.outbox.sweep.{queue}",
        args=(queue.value,),
        options=outbox.celery_queue(queue),
    )
