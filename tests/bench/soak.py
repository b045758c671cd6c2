"""``BENCH=soak make bench``: whether a worker's memory is flat over a million requests.

``SOAK_REQUESTS`` is how many. They are requests for tokens, by client credentials.
"""

from __future__ import annotations

import os
from typing import Any

from tests.bench.load import by_own_driver
from tests.bench.rounds import refuse_failures
from tests.bench.sides import ours

OPERATION = "soak"
REQUESTS = int(os.environ.get("SOAK_REQUESTS", "1000000"))
WARM_UP = 5_000
"""Requests after which a worker has loaded what it ever loads."""
LARGEST = 120
FLAT = 8
"""MiB."""
STEP = 10.0
"""Seconds between two looks."""


def run() -> dict[str, Any]:
    """Send them, and print what the largest worker holds meanwhile."""
    with ours.running() as side:
        request = side.request("client_credentials")
        assert request is not None
        sent, first, seen = 0, 0.0, []
        while sent < REQUESTS + WARM_UP:
            found = by_own_driver(side.port, request, side.connections(OPERATION), STEP)
            refuse_failures(side, request, found)
            sent += found["requests"]
            if sent < WARM_UP:
                continue
            first = first or side.memory_mib()
            seen.append(side.memory_mib())
            print(f"{sent:>10,} requests: {seen[-1]:.1f} MiB", flush=True)
    return {
        "operation": OPERATION,
        "side": side.name,
        "version": side.version,
        "requests": sent,
        "first_mib": first,
        "last_mib": seen[-1],
        "most_mib": max(seen),
        "flat": seen[-1] - first < FLAT and max(seen) <= LARGEST,
    }
