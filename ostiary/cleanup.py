"""Removing what has ended, in batches, while the site serves (SECURITY H14)."""

from __future__ import annotations

import logging
import time
from datetime import timedelta
from importlib import import_module
from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone

from . import sessions
from .models import OutboxMessage, Session, ThrottleCounter

log = logging.getLogger(__name__)

BATCH = 1000
MOST_BATCHES = 100
ENDED_SESSIONS_DAYS = 30
"""For so long an operator sees who was signed in, where and until when."""
DONE_MESSAGES_DAYS = 30
"""For so long the key of a delivered message keeps it from being sent again."""


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


def remove_expired_django_sessions() -> None:
    """Delete expired rows or files of the session engine; a cache does so by itself."""
    store = import_module(settings.SESSION_ENGINE).SessionStore
    if hasattr(store, "get_model_class"):
        remove(store.get_model_class()._default_manager.filter(expire_date__lt=timezone.now()))
    else:
        store.clear_expired()


def remove_delivered_messages() -> int:
    """Forget outbox messages that were delivered or dropped long ago; returns how many."""
    limit = timezone.now() - timedelta(days=DONE_MESSAGES_DAYS)
    return remove(
        OutboxMessage.objects.filter(state=OutboxMessage.State.DONE, finished_at__lt=limit)
    )


def remove_throttle_counters() -> int:
    """Forget counters whose window has passed; returns how many."""
    return remove(ThrottleCounter.objects.filter(expires_at__lt=time.time()))
