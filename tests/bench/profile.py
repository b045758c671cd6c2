"""``BENCH=profile make bench``: what a request's seconds of a core are spent on, by part.

Each hot operation is measured twice: over HTTP, as the others are, and in one process, where
`sampling` sees which part of the program is at work. What the first costs more than the second is
the server's: HTTP, the hand-over to a thread, and that threads wait for each other.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

from tests.bench.rounds import SECONDS, measure
from tests.bench.sides import ours
from tests.bench.sides.provider import Provider
from tests.idp_site.site import ROOT

OPERATION = "profile"
OPERATIONS = (
    "client_credentials",
    "jwks",
    "userinfo",
    "introspection",
    "code",
    "signin_page",
    "consent_page",
)
"""``code`` is three, as elsewhere."""
SAMPLED = float(os.environ.get("BENCH_PROFILE_SECONDS", str(2 * SECONDS)))
"""Seconds of a core for each operation."""
SERVER, DATABASE = "server", "database"


def run() -> list[dict[str, Any]]:
    """A row for each operation: milliseconds of a core for a request by part."""
    with ours.running() as side:
        over_http = {row["operation"]: row for name in OPERATIONS for row in measure(name, [side])}
        return [row_of(name, over_http[name], found) for name, found in _sampled(side).items()]


def _sampled(side: Provider) -> dict[str, Any]:
    jobs = []
    for name in OPERATIONS:
        asked = side.request(name)
        assert asked is not None
        if name != "code":
            jobs.append((name, asked.told()))
            continue
        steps = {"authorize": asked, "code": side.redemption(()), "refresh": side.refreshing(())}
        jobs += [(step, each.told()) for step, each in steps.items()]
    ran = subprocess.run(
        [sys.executable, "-m", "tests.bench.sampling"],
        cwd=ROOT,
        env=dict(side.environment),
        input=json.dumps({"port": side.port, "seconds": SAMPLED, "jobs": jobs}),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    found: dict[str, Any] = json.loads(ran.stdout.splitlines()[-1])
    return found


def row_of(operation: str, over_http: dict[str, Any], found: dict[str, Any]) -> dict[str, Any]:
    """What was found of one operation, as a row."""
    each = 1000 / found["requests"]
    inside, looks = found["seconds"] * each, sum(found["looks"].values())
    parts = {name: inside * count / looks for name, count in found["looks"].items()}
    parts[DATABASE] = found["database_seconds"] * each
    parts[SERVER] = max(0.0, over_http["cpu_ms"] - inside)
    return {
        "operation": OPERATION,
        "side": ours.NAME,
        "version": "this tree",
        "of": operation,
        "requests": found["requests"],
        "looks": looks,
        "in_process_ms": round(inside, 3),
        "parts": {name: round(ms, 4) for name, ms in parts.items() if ms},
    }


def show(rows: list[dict[str, Any]]) -> None:
    """Print them, the largest part first."""
    for row in rows:
        total = sum(row["parts"].values())
        print(f"\n{row['of']}: {total:.2f} ms of a core, {row['in_process_ms']:.2f} in process")
        for name, ms in sorted(row["parts"].items(), key=lambda part: -part[1]):
            print(f"  {name:<24}{ms:>8.3f} ms {ms / total:>5.0%}")
