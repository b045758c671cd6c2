"""What may be used once: the ``jti`` of proofs and assertions (RFC 7523 §3, RFC 9449 §11.1)."""

from __future__ import annotations

import hashlib
import math
import time
from datetime import UTC, datetime

from django.core.cache import caches
from django.db import connections, router

from .conf import oauth_settings
from .models import UsedIdentifier


def first_use(purpose: str, identifier: str, expires_at: float) -> bool:
    """Whether ``identifier`` is seen for the first time; from now on it has been seen.

    ``expires_at`` (Unix time) is from when on what bore it is refused anyway. ``purpose`` tells
    apart whose identifiers they are. Of parallel uses exactly one is the first. A cache or database
    that can't answer raises: a use that can't be remembered is none.
    """
    key = hashlib.sha256(f"{purpose}\n{identifier}".encode("utf-8", "surrogatepass")).hexdigest()
    if oauth_settings.REPLAY_CACHE:
        seconds = max(1, math.ceil(expires_at - time.time()) + 1)
        return bool(caches[oauth_settings.REPLAY_CACHE].add(f"ostiary:used:{key}", 1, seconds))
    return _insert(key, datetime.fromtimestamp(math.ceil(expires_at), UTC))


def _insert(key: str, expires_at: datetime) -> bool:
    """Keep the key unless it is there: the one statement decides (SQL of both databases)."""
    connection = connections[router.db_for_write(UsedIdentifier)]
    quoted = connection.ops.quote_name
    table, columns = quoted(UsedIdentifier._meta.db_table), ("key", "expires_at")
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({', '.join(map(quoted, columns))}) "  # noqa: S608  (our names)
            "VALUES (%s, %s) ON CONFLICT DO NOTHING",
            [key, connection.ops.adapt_datetimefield_value(expires_at)],
        )
        return bool(cursor.rowcount == 1)
