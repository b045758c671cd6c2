"""Messages and jobs that must not be lost.

``enqueue`` writes a row in the caller's transaction: rolled back, it never was; committed, it is
delivered at least once. After the commit it is handed to Celery; what a hand-over missed (the
broker was down, a worker was killed) the periodic sweep finds. A worker claims a message by one
conditional UPDATE that gives it a lease, so two workers deliver it twice only if the first was
killed, or took longer than ``OUTBOX_LEASE_SECONDS``; handlers get a key by which to tell a repeat.

Each message is of one ``Queue``, by its kind or as its sender says, and each of these is a queue of
Celery with a sweep of its own: a gateway that hangs in one never holds up a code in another. What
operators do with messages that failed for good is in ``dead_letters``.
"""

from __future__ import annotations

import functools
import json
import logging
import random
import time
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from celery import current_app, shared_task
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.module_loading import autodiscover_modules
from kombu.pools import producers

from . import mentions
from .conf import ostiary_settings
from .models import OutboxMessage
from .plain_reasons import PERSONAL, described

__all__ = [
    "PERSONAL",
    "Handler",
    "PermanentFailure",
    "Queue",
    "RetryAfter",
    "State",
    "Withheld",
    "deliver",
    "deliver_due",
    "enqueue",
    "hand_over",
    "handler",
    "kinds",
    "retry_delay",
]

log = logging.getLogger(__name__)

Handler = Callable[[dict[str, Any], str], None]
Queue = OutboxMessage.Queue
State = OutboxMessage.State

FIRST_RETRY_SECONDS = 5
LONGEST_RETRY_SECONDS = 6 * 3600
BROKER_TIMEOUT_SECONDS = 1
BROKER_PAUSE_SECONDS = 15
SWEEP_SECONDS = 8
"""Less than from one sweep to the next: so long at most a gateway that hangs keeps a worker of
several queues from the others, apart from the time-out of one request."""

_handlers: dict[str, Handler] = {}
_queues: dict[str, Queue] = {}
_at_least_every: dict[str, int] = {}
_broker_paused_until = 0.0


class PermanentFailure(Exception):
    """A handler raises it when trying again can't help; its text is kept as the reason.

    The text is shown to operators: it never holds anything personal or secret.
    """


class RetryAfter(Exception):
    """A handler raises it where the other side says in how many seconds to come back.

    Its text is shown to operators, as that of ``PermanentFailure``.
    """

    def __init__(self, reason: str, seconds: int) -> None:
        super().__init__(reason)
        self.seconds = seconds


class Withheld(Exception):
    """A handler raises it for a message that is not to be sent after all: it is dropped, with this
    text as the reason. It is shown to operators, as that of ``PermanentFailure``.
    """


def handler(
    kind: str, *, queue: Queue = Queue.NORMAL, at_least_every: int = 0
) -> Callable[[Handler], Handler]:
    """Decorator: have messages of ``kind`` delivered by ``fn(payload, key)``, through ``queue``.

    With ``at_least_every`` (seconds) they are tried for ever, with no longer pauses than that:
    only ``PermanentFailure`` parks them.

    The same ``key`` is given at every attempt of one message. Handlers live in modules that an
    app's ``tasks`` module imports, so that workers know them.
    """

    def register(fn: Handler) -> Handler:
        _handlers[kind] = fn
        _queues[kind] = queue
        if at_least_every:
            _at_least_every[kind] = at_least_every
        return fn

    return register


def _find(kind: str) -> None:
    if kind not in _handlers:
        autodiscover_modules("tasks")


def kinds() -> list[str]:
    """Every kind that some installed app handles."""
    autodiscover_modules("tasks")
    return sorted(_handlers)


def _queue_of(kind: str) -> Queue:
    _find(kind)
    return _queues.get(kind, Queue.NORMAL)


def _handler_of(kind: str) -> Handler:
    _find(kind)
    if kind not in _handlers:
        # Not for good: while a new version is being rolled out, another worker may know it.
        raise LookupError("No installed app has a handler for messages of this kind.")
    return _handlers[kind]


# --- writing and handing over ------------------------------------------------------------------


def enqueue(
    kind: str,
    payload: dict[str, Any],
    *,
    key: str | None = None,
    delay_seconds: int = 0,
    queue: Queue | None = None,
) -> OutboxMessage | None:
    """Write a message in the caller's transaction; after commit it is handed to a worker.

    ``key`` makes it one message however often it is asked for, as long as the first is kept
    (``OUTBOX_KEEP_DAYS`` after delivery); ``None`` is returned for a repeat. A key is kept in plain
    and shown to operators. The message is due ``delay_seconds`` from now, in ``queue`` or that of
    its kind.
    """
    message = OutboxMessage(
        kind=kind,
        key=key,
        queue=queue or _queue_of(kind),
        payload=json.dumps(payload),
        mentions=mentions.in_message(payload, key),
        next_attempt_at=timezone.now() + timedelta(seconds=delay_seconds),
    )
    if key is None:
        message.save(force_insert=True)
    else:
        OutboxMessage.objects.bulk_create([message], ignore_conflicts=True)
        if not OutboxMessage.objects.filter(pk=message.pk).exists():
            return None
    if delay_seconds <= 0:
        hand_over_after_commit(message)
    return message


def hand_over_after_commit(message: OutboxMessage) -> None:
    """Hand it over once the caller's transaction has committed."""
    transaction.on_commit(functools.partial(hand_over, message), robust=True)


def hand_over(message: OutboxMessage) -> None:
    """Ask a worker to deliver the message now. Never raises: what fails, the sweep makes good.

    RabbitMQ has to confirm it. A broker that refuses, or doesn't answer, is left alone for
    ``BROKER_PAUSE_SECONDS``, so that it costs at most one short time-out in so long, in each
    process.
    """
    global _broker_paused_until
    if time.monotonic() < _broker_paused_until:
        return
    try:
        _publish(message)
    except Exception as error:
        _broker_paused_until = time.monotonic() + BROKER_PAUSE_SECONDS
        why = type(error.__cause__ or error).__name__  # Celery wraps what the client raises
        log.warning("The broker did not take a message (%s); the sweep delivers.", why)


def celery_queue(queue: str) -> dict[str, Any]:
    """What Celery has to be told, so that a task goes into the project's queue for these."""
    name = ostiary_settings.OUTBOX_QUEUES.get(queue)
    return {"queue": name} if name else {}


def _publish(message: OutboxMessage) -> None:
    arguments = (str(message.pk),)
    if current_app.conf.task_always_eager:
        deliver_by_worker.apply_async(arguments)
        return
    # Celery's own pool follows the project's settings, which by default try for ever.
    options = {
        **current_app.conf.broker_transport_options,
        "max_retries": 0,
        "socket_connect_timeout": BROKER_TIMEOUT_SECONDS,
        "socket_timeout": BROKER_TIMEOUT_SECONDS,
    }
    if current_app.connection_for_write().transport.driver_type == "amqp":
        options.pop("socket_connect_timeout"), options.pop("socket_timeout")
        options |= {"read_timeout": BROKER_TIMEOUT_SECONDS, "write_timeout": BROKER_TIMEOUT_SECONDS}
    connection = current_app.connection_for_write(
        connect_timeout=BROKER_TIMEOUT_SECONDS, transport_options=options
    )
    with producers[connection].acquire(block=True, timeout=BROKER_TIMEOUT_SECONDS) as producer:
        deliver_by_worker.apply_async(
            arguments,
            producer=producer,
            retry=False,
            **{"confirm_timeout": BROKER_TIMEOUT_SECONDS, **celery_queue(message.queue)},
        )


# --- delivering --------------------------------------------------------------------------------


def retry_delay(attempts: int) -> timedelta:
    """How long to wait after so many failed attempts: doubling, with a quarter of jitter."""
    seconds = min(FIRST_RETRY_SECONDS * 2 ** min(attempts - 1, 30), LONGEST_RETRY_SECONDS)
    return timedelta(seconds=seconds * random.uniform(0.75, 1.25))  # noqa: S311  (no secret)


def _claim(message_id: uuid.UUID | str) -> OutboxMessage | None:
    now = timezone.now()
    free = Q(leased_until__isnull=True) | Q(leased_until__lt=now)
    claimed = OutboxMessage.objects.filter(
        free, pk=message_id, state=State.PENDING, next_attempt_at__lte=now
    ).update(
        attempts=F("attempts") + 1,
        leased_until=now + timedelta(seconds=ostiary_settings.OUTBOX_LEASE_SECONDS),
    )
    return OutboxMessage.objects.get(pk=message_id) if claimed else None


@shared_task(name="ostiary.outbox.deliver", acks_late=True, ignore_result=True)
def deliver_by_worker(message_id: str) -> None:
    """Deliver one message of the outbox. It is published by its id: see ``tasks``."""
    deliver(message_id)


def deliver(message_id: uuid.UUID | str) -> bool:
    """Deliver one message if it is due and nobody holds it; whether it was delivered.

    A failure is noted on the message, not raised.
    """
    message = _claim(message_id)
    if message is None:
        return False
    if message.attempts > ostiary_settings.OUTBOX_MAX_ATTEMPTS and _gives_up(message):
        _park(message, "The worker was killed at the last attempt.")
        return False
    payload: dict[str, Any] = {}
    try:
        payload = json.loads(message.payload)
        _handler_of(message.kind)(payload, message.key or str(message.pk))
    except PermanentFailure as error:
        _park(message, f"PermanentFailure: {error}")
        return False
    except Withheld as error:
        _drop(message, str(error))
        return False
    except RetryAfter as error:
        reason = f"{type(error).__name__}: {error}"
        _failed(message, reason, timedelta(seconds=error.seconds))
        return False
    except Exception as error:
        _failed(message, described(error, payload))
        return False
    # It is delivered, even if the lease ran out meanwhile: nobody needs to try again.
    OutboxMessage.objects.filter(pk=message.pk, state=State.PENDING).update(
        state=State.DONE, payload=None, leased_until=None, last_error="", finished_at=timezone.now()
    )
    return True


def _gives_up(message: OutboxMessage) -> bool:
    _find(message.kind)
    return message.kind not in _at_least_every


def _held(message: OutboxMessage) -> Any:
    """The row, as long as nobody else has claimed it after us."""
    return OutboxMessage.objects.filter(
        pk=message.pk, state=State.PENDING, attempts=message.attempts
    )


def _failed(message: OutboxMessage, reason: str, wait: timedelta = timedelta(0)) -> None:
    if message.attempts >= ostiary_settings.OUTBOX_MAX_ATTEMPTS and _gives_up(message):
        _park(message, reason)
        return
    pause = max(wait, retry_delay(message.attempts))
    if longest := _at_least_every.get(message.kind):
        pause = min(pause, timedelta(seconds=longest))
    _held(message).update(
        next_attempt_at=timezone.now() + pause,
        leased_until=None,
        last_error=reason[:300],
    )
    log.warning("Outbox message %s (%s) will be tried again.", message.pk, message.kind)


def _park(message: OutboxMessage, reason: str) -> None:
    _held(message).update(
        state=State.PARKED,
        leased_until=None,
        last_error=reason[:300],
        finished_at=timezone.now(),
    )
    log.error("Outbox message %s (%s) is parked.", message.pk, message.kind)


def _drop(message: OutboxMessage, reason: str) -> None:
    _held(message).update(
        state=State.DROPPED,
        payload=None,
        leased_until=None,
        drop_reason=reason[:200],
        finished_at=timezone.now(),
    )


def deliver_due(
    limit: int = 500, seconds: float = SWEEP_SECONDS, *, queue: str | None = None
) -> int:
    """Deliver what is due in ``queue``, or in all of them, oldest first, until ``limit`` messages
    or ``seconds`` are spent.

    Returns how many were delivered. Several may run at once: each message is claimed by one.
    """
    ends = time.monotonic() + seconds
    now = timezone.now()
    due = (
        OutboxMessage.objects.filter(
            Q(leased_until__isnull=True) | Q(leased_until__lt=now),
            state=State.PENDING,
            next_attempt_at__lte=now,
        )
        .filter(**({"queue": queue} if queue else {}))
        .order_by("next_attempt_at")
        .values_list("pk", flat=True)[:limit]
    )
    delivered = 0
    for message_id in list(due):
        if time.monotonic() >= ends:
            break
        delivered += deliver(message_id)
    return delivered
