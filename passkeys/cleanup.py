"""Removing what has had its time."""

from __future__ import annotations

from django.utils import timezone

from ostiary.cleanup import remove

from .models import Ceremony


def remove_expired_ceremonies() -> int:
    """Delete challenges that nobody answered in time; returns how many."""
    return remove(Ceremony.objects.filter(expires_at__lte=timezone.now()))
