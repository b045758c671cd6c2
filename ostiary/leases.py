"""One at a time: work that two processes must not do at once, on any database.

A row says until when somebody is at it, so that the work of a process that was killed is taken up
when that time is over. (A lock of the database's session would end with the process, but stays with
whoever gets the connection next where a pool hands it on after each transaction.)
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.utils import timezone

from .models import Lease


@contextmanager
def held(name: str, seconds: float) -> Iterator[bool]:
    """Hold ``name`` until the block ends, for so many seconds at most; gives whether it is held, or
    somebody else is at it."""
    until = timezone.now() + timedelta(seconds=seconds)
    taken = _take(name, until)
    try:
        yield taken
    finally:
        if taken:
            # By now it may be somebody else's.
            Lease.objects.filter(name=name, until=until).delete()


def _take(name: str, until: datetime) -> bool:
    over = Lease.objects.filter(name=name, until__lt=timezone.now())
    if over.update(until=until):
        return True
    return Lease.objects.get_or_create(name=name, defaults={"until": until})[1]
