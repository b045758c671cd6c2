"""What may be used once: the ``jti`` of proofs and assertions (RFC 7523 §3, RFC 9449 §11.1).

It is remembered in the database, whatever cache a site has: a cache may be emptied, and what was
used would be taken once more.
"""

from __future__ import annotations

import hashlib
import math
from datetime import UTC, datetime

from django.db import connections, router

from .models import UsedIdentifier

MARGIN_SECONDS = 60
"""So much longer it is remembered than anybody takes what bore it: clocks differ."""


def first_use(purpose: str, identifier: str, expires_at: float) -> bool:
    """Whether ``identifier`` is seen for the first time; from now on it has been seen.

    ``expires_at`` (Unix time) is from when on what bore it is refused anyway. ``purpose`` tells
    apart whose identifiers they are. Of parallel uses exactly one is the first: the one statement
    decides (SQL of both databases). A database that is away raises its ``OperationalError``, which
    is answered as an outage (``views/unavailable.py``): a use that can't be remembered is none.
    """
    key = hashlib.sha256(f"{purpose}\n{identifier}".encode("utf-8", "surrogatepass")).hexdigest()
    until = datetime.fromtimestamp(math.ceil(expires_at) + MARGIN_SECONDS, UTC)
    connection = connections[router.db_for_write(UsedIdentifier)]
    quoted = connection.ops.quote_name
    table, columns = quoted(UsedIdentifier._meta.db_table), ("key", "expires_at")
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({', '.join(map(quoted, columns))}) "  # noqa: S608  (our names)
            "VALUES (%s, %s) ON CONFLICT DO NOTHING",
            [key, connection.ops.adapt_datetimefield_value(until)],
        )
        return bool(cursor.rowcount == 1)
