"""Removing what has ended, in batches, while the site serves (SECURITY H14)."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import timedelta
from importlib import import_module
from typing import Any

from django.conf import settings
from django.db import models, transaction
from django.utils import timezone

from . import dead_letters, events, leases, sessions, visits
from .conf import ostiary_settings
from .models import FactorReset, OutboxMessage, RegionToken, SentMail, Session, ThrottleCounter

log = logging.getLogger(__name__)

State = OutboxMessage.State

BATCH = 1000
MOST_BATCHES = 2
"""At most so many of one kind, before it is the turn of another."""
RUN_SECONDS = 10
"""For so long a run goes on where there is more: no longer than a gateway may take, since messages
wait for the same worker, and far below the limits of a task."""
LEASE_SECONDS = 300
"""A run that was killed is in nobody's way for longer."""
ENDED_SESSIONS_DAYS = 30
"""For so long an operator sees who was signed in, where and until when."""
SENT_MAIL_DAYS = 30
"""For so long a report about a message is heard: complaints take days, and seldom more."""


def remove(rows: models.QuerySet[Any], batch: int = BATCH, most: int = MOST_BATCHES) -> int:
    """Delete ``rows``, at most ``most`` batches of ``batch``; returns how many."""
    removed = 0
    for _ in range(most):
        keys = list(rows.values_list("pk", flat=True)[:batch])
        if not keys:
            break
        rows.model._base_manager.filter(pk__in=keys).delete()
        removed += len(keys)
    return removed


def keep_up(task: Any, *parts: Callable[[], int]) -> None:
    """Run the parts of a clean-up, each in turn and again while it finds more, for
    ``RUN_SECONDS``; where that was not enough, the Celery task ``task`` follows at once.

    One run of a task at a time: where another is at it, that one sees to what is left. A part that
    fails is logged, and left to the next run.
    """
    end = time.monotonic() + RUN_SECONDS
    with leases.held(task.name, LEASE_SECONDS) as mine:
        waiting = list(parts) if mine else []
        while waiting and time.monotonic() < end:
            waiting = [part for part in waiting if _finds_more(part)]
    if waiting:
        task.apply_async(expires=LEASE_SECONDS)


def _finds_more(part: Callable[[], int]) -> bool:
    try:
        return part() >= BATCH
    except Exception:
        log.exception("A part of the clean-up failed. The others continue.")
        return False


def end_expired_sessions(batch: int = BATCH, most: int = 5) -> int:
    """End sessions past their limits, as any other is ended; returns how many.

    They are dead already; this tells those who wait to hear it (``session_ended``).
    """
    ended = 0
    expired = Session.objects.filter(sessions.expired()).order_by("pk")
    last: Any = None
    for _ in range(most):
        found = list((expired.filter(pk__gt=last) if last else expired)[:batch])
        for session in found:
            last = session.pk
            try:
                ended += sessions.end(session, "expired")
            except Exception:
                # A receiver that fails for one session must not keep all the others waiting.
                log.exception("Session %s could not be ended.", session.pk)
        if len(found) < batch:
            break
    return ended


def remove_ended_sessions() -> int:
    """Forget sessions that ended long ago; returns how many."""
    limit = timezone.now() - timedelta(days=ENDED_SESSIONS_DAYS)
    return remove(Session.objects.filter(ended_at__lt=limit))


def remove_expired_django_sessions() -> int:
    """Delete expired rows or files of the session engine; a cache does so by itself. Returns how
    many rows."""
    store = import_module(settings.SESSION_ENGINE).SessionStore
    if hasattr(store, "get_model_class"):
        rows = store.get_model_class()._default_manager
        return remove(rows.filter(expire_date__lt=timezone.now()))
    store.clear_expired()
    return 0


def forget_old_visits() -> int:
    """Forget the browsers in which a sign-in was begun and never finished; returns how many."""
    return visits.forget_old()


def remove_delivered_messages() -> int:
    """Forget outbox messages that were delivered or dropped long ago; returns how many."""
    over = OutboxMessage.objects.filter(state__in=[State.DONE, State.DROPPED])
    return remove(_kept_long_enough(over, ostiary_settings.OUTBOX_KEEP_DAYS))


def give_up_parked_messages() -> int:
    """Drop, and log, messages that have been parked for so long that nobody will look at them;
    returns how many."""
    parked = OutboxMessage.objects.filter(state=State.PARKED)
    old = _kept_long_enough(parked, ostiary_settings.OUTBOX_KEEP_PARKED_DAYS)
    given_up = 0
    for found in list(old.values("kind").annotate(first=models.Min("finished_at"))):
        of_kind = old.filter(kind=found["kind"])
        with transaction.atomic():
            if count := dead_letters.give_up(of_kind, "Nobody retried it in time."):
                events.record("outbox.expired", details={"kind": found["kind"], "count": count})
                given_up += count
    return given_up


def _kept_long_enough(
    rows: models.QuerySet[OutboxMessage], days: dict[str, int]
) -> models.QuerySet[OutboxMessage]:
    """Those that finished so many days ago, by their kind or else by ``default``."""
    now = timezone.now()
    own = {kind: each for kind, each in days.items() if kind != "default"}
    old = models.Q(finished_at__lt=now - timedelta(days=days["default"])) & ~models.Q(kind__in=own)
    for kind, each in own.items():
        old |= models.Q(kind=kind, finished_at__lt=now - timedelta(days=each))
    return rows.filter(old)


def remove_sent_mail() -> int:
    """Forget which mail was sent to whom, once nobody reports on it any more; returns how many."""
    limit = timezone.now() - timedelta(days=SENT_MAIL_DAYS)
    return remove(SentMail.objects.filter(sent_at__lt=limit))


def remove_region_tokens() -> int:
    """Forget tokens of other regions that would be refused anyway; returns how many."""
    return remove(RegionToken.objects.filter(expires_at__lt=timezone.now()))


def remove_throttle_counters() -> int:
    """Forget counters whose window has passed; returns how many."""
    return remove(ThrottleCounter.objects.filter(expires_at__lt=time.time()))


def remove_factor_resets() -> int:
    """Remove requests that nobody approved in time; returns how many."""
    return remove(FactorReset.objects.filter(expires_at__lt=timezone.now()))
