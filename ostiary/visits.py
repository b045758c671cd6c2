"""Browsers in which a sign-in was begun and waits for a step: found again by the person.

What a visitor's session holds can't be searched, and in a cache not even be listed. So a sign-in
that has to wait is noted with its session's key: who is erased meanwhile is forgotten there too.
"""

from __future__ import annotations

from datetime import timedelta

from django.db.models import QuerySet
from django.utils import timezone

from . import sessions
from .models import Visit

KEPT = timedelta(days=1)
"""A sign-in that was begun so long ago can't be finished any more: its session is forgotten."""
BATCH = 1000


def note(session_key: str | None, subject: str) -> None:
    """Note that a sign-in of the person waits in this session (one statement)."""
    if session_key:
        row = Visit(session_key=session_key, subject=subject)
        Visit.objects.bulk_create([row], ignore_conflicts=True)


def forget(subject: str) -> int:
    """Forget the sessions in which sign-ins of the person wait; returns how many."""
    return _forget(Visit.objects.filter(subject=subject))


def forget_old(batch: int = BATCH) -> int:
    """Forget those in which it was never finished; returns how many, at most ``batch``."""
    old = Visit.objects.filter(began_at__lt=timezone.now() - KEPT)
    keys = list(old.order_by("began_at").values_list("pk", flat=True)[:batch])
    return _forget(Visit.objects.filter(pk__in=keys))


def _forget(visits: QuerySet[Visit]) -> int:
    keys = list(visits.values_list("pk", flat=True))
    # A browser that has signed in meanwhile has another key, and loses nothing.
    for key in keys:
        sessions.delete_data(key)
    return Visit.objects.filter(pk__in=keys).delete()[0]
