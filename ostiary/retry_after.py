"""``Retry-After``: when the other side wants to be asked again (RFC 9110 §10.2.3)."""

from __future__ import annotations

import math
from datetime import UTC
from email.utils import parsedate_to_datetime

from django.utils import timezone

LONGEST_SECONDS = 3600
"""Nobody has a message of ours wait longer than that before it is tried again."""


def seconds(header: str) -> int:
    """How long to wait by a header that gives seconds or a date; 0 for one that says neither."""
    told = header.strip()
    if told.isascii() and told.isdigit():
        return min(int(told[:10]), LONGEST_SECONDS)
    try:
        at = parsedate_to_datetime(told)
        wait = (at if at.tzinfo else at.replace(tzinfo=UTC)) - timezone.now()
    except (ValueError, OverflowError):
        return 0
    return min(max(math.ceil(wait.total_seconds()), 0), LONGEST_SECONDS)
