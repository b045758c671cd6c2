"""``BENCH=soak make bench``: whether a worker's memory is flat over a million requests.

``SOAK_REQUESTS`` is how many. They are of every kind that is frequent, in turns, by `SHARES`.
"""

from __future__ import annotations

import os
from typing import Any

from tests.bench.load import by_own_driver
from tests.bench.processes import memory_mib, workers
from tests.bench.request import Request
from tests.bench.rounds import refuse_failures
from tests.bench.sides import ours
from tests.bench.sides.provider import Provider

OPERATION = "soak"
REQUESTS = int(os.environ.get("SOAK_REQUESTS", "1000000"))
SHARES = {
    "client_credentials": 0.40,
    "userinfo": 0.14,
    "introspection": 0.14,
    "jwks": 0.14,
    "refresh": 0.10,
    "authorize": 0.04,
    "signin_page": 0.02,
    "consent_page": 0.02,
}
"""Of the requests. Each is measured in each step, so that a leak of any is seen."""
STEPS = 10
WARM_UP = 5_000
"""Requests after which a worker has loaded what it ever loads."""
LARGEST = 120
FLAT = 8
"""MiB."""
LONGEST = 600
"""Seconds that one kind may take in one step, before it is the turn of the next."""


def run() -> dict[str, Any]:
    """Send them, and print what each worker holds after each tenth."""
    with ours.running() as side:
        _send(side, WARM_UP)
        pids = workers(side.process.pid)
        steps = [_step(0, pids)]
        for _ in range(STEPS):
            steps.append(_step(steps[-1]["requests"] + _send(side, REQUESTS // STEPS), pids))
    first, last = steps[0]["mib"], steps[-1]["mib"]
    most = max(held for step in steps for held in step["mib"])
    grown = max(end - begin for begin, end in zip(first, last, strict=True))
    return {
        "operation": OPERATION,
        "side": side.name,
        "version": side.version,
        "requests": steps[-1]["requests"],
        "first_mib": max(first),
        "last_mib": max(last),
        "grown_mib": round(grown, 1),
        "most_mib": most,
        "flat_mib": FLAT,
        "steps": steps,
        "flat": grown < FLAT and most <= LARGEST,
    }


def _step(requests: int, pids: list[int]) -> dict[str, Any]:
    held = [round(memory_mib(pid), 1) for pid in pids]
    if not all(held):
        raise SystemExit(f"A worker has ended within {requests:,} requests.")
    told = "  ".join(f"{mib:.1f}" for mib in held)
    print(f"{requests:>10,} requests: {told} MiB", flush=True)
    return {"requests": requests, "mib": held}


def _send(side: Provider, requests: int) -> int:
    """So many in all, of each kind its share; returns how many were sent."""
    sent = 0
    for operation, share in SHARES.items():
        request = _request(side, operation)
        most = max(1, round(requests * share))
        found = by_own_driver(side.port, request, side.connections(OPERATION), LONGEST, most)
        refuse_failures(side, request, found)
        sent += found["requests"]
    return sent


def _request(side: Provider, operation: str) -> Request:
    """Anew for each step: a token is good for some minutes."""
    if operation == "refresh":
        codes = [side.authorize(side.browser) for _ in range(side.connections(operation))]
        return side.refreshing(tuple(side.exchange(code)["refresh_token"] for code in codes))
    asked = side.request(operation)
    assert asked is not None
    return asked
