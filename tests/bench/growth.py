"""``GROWTH=1 make bench``: whether it is as fast with a million people as with a thousand.

Two of our servers take turns, one on a small database and one on a large, then the large one once
more while what has ended is cleaned up, as the worker does it on schedule. A hundred people and a
hundred clients take turns in asking. ``GROWTH_PEOPLE``, ``GROWTH_CLIENTS`` and ``GROWTH_TOKENS``
are the size of the large one; it takes minutes to make, and about 2 KB a grant.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from typing import Any

import psycopg

from tests.bench import crowd, services, table
from tests.bench.crowd import Crowd
from tests.bench.processes import cpu_seconds, tree
from tests.bench.rounds import measure
from tests.bench.seeding import Size, seed
from tests.bench.serving import stop
from tests.bench.sides import ours
from tests.bench.sides.side import Side
from tests.idp_site.site import ROOT

SMALL = Size(people=1_000, clients=100, tokens=10_000)
LARGE = Size(
    people=int(os.environ.get("GROWTH_PEOPLE", "1000000")),
    clients=int(os.environ.get("GROWTH_CLIENTS", "10000")),
    tokens=int(os.environ.get("GROWTH_TOKENS", "10000000")),
)
OPERATIONS = ("client_credentials", "userinfo", "introspection", "code", "signin_page")
CLEANING = "code"
"""Measured once more while it is cleaned up: what writes to the tables that are cleaned."""


BEGIN = 120
"""Seconds within which the clean-up must have begun."""


def is_wanted() -> bool:
    """Whether it was asked for."""
    return os.environ.get("GROWTH", "") not in ("", "0")


def name(size: Size) -> str:
    """Of the side."""
    return f"{size.people:,} people"


def run() -> list[dict[str, Any]]:
    """Measure and print; nothing without PostgreSQL."""
    if not services.server():
        print("Growth is left out: PostgreSQL does not answer.")
        return []
    with ours.running(name(SMALL)) as small, ours.running(name(LARGE)) as large:
        rows: list[dict[str, Any]] = []
        sides: list[Crowd] = []
        for side, size in ((small, SMALL), (large, LARGE)):
            began = time.perf_counter()
            side.exchange(side.authorize(side.browser))
            seed(side.database, size)
            told = f"{size.people:,} people, 2 × {size.clients:,} clients, "
            told += f"{size.tokens:,} past tokens, which left {size.grants:,} grants"
            print(f"{told}: {time.perf_counter() - began:.0f} s to make", flush=True)
            rows.append({"operation": "size", "side": side.name, "told": told})
            sides.append(crowd.of(side))
        for operation in OPERATIONS:
            rows += _shown(measure(operation, [*sides]))
        rows += _while_cleaning(sides[-1])
    for row in rows:
        row["growth"] = True
    return rows


def _shown(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    for operation in dict.fromkeys(row["operation"] for row in rows):
        table.show([row for row in rows if row["operation"] == operation])
    return rows


def _while_cleaning(side: Crowd) -> list[dict[str, Any]]:
    """The same operations beside a worker that removes what has ended, and how fast that is."""
    waiting = _ended_grants(side)
    env = {**side.environment, "PGAPPNAME": services.APART}
    celery = [sys.executable, "-m", "celery", "--quiet", "-A", "idp_site"]
    cleaning = subprocess.Popen(
        [*celery, "worker", "--concurrency", "1", "--loglevel", "WARNING"], cwd=ROOT, env=env
    )
    try:
        call = [*celery, "call", "ostiary.oauth.cleanup"]
        subprocess.run(call, cwd=ROOT, env=env, check=True, stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + BEGIN
        while (before := _ended_grants(side)) == waiting:
            if time.monotonic() > deadline:
                raise SystemExit(f"The clean-up has removed nothing within {BEGIN} s.")
            time.sleep(0.05)
        began, worked = time.perf_counter(), cpu_seconds(tree(cleaning.pid))
        rows = measure(CLEANING, [side])
        left = _ended_grants(side)
        removed, seconds = before - left, time.perf_counter() - began
        worked = cpu_seconds(tree(cleaning.pid)) - worked
    finally:
        stop(cleaning)
    over = left == 0
    if over:
        print("The clean-up was over before the rounds were: its pace is told too low.")
    for row in rows:
        row["side"] += ", cleaning up"
    made = next(row["requests_per_second"] for row in rows if row["operation"] == "authorize")
    pace = {
        "operation": "clean_up",
        "side": side.name,
        "removed_per_second": round(removed / seconds, 1),
        "made_per_second": made,
        "core_ms": round(worked * 1000 / max(removed, 1), 3),
        "over": over,
    }
    _shown(rows)
    print(
        f"\nclean-up: {pace['removed_per_second']:,} grants a second removed, "
        f"while at most {pace['made_per_second']:,} a second were made"
    )
    return [*rows, pace]


def _ended_grants(side: Side) -> int:
    """Those of old: codes of a minute ago have ended too, and are few."""
    with psycopg.connect(side.database) as connection:
        row = connection.execute(
            "SELECT count(*) FROM ostiary_oauth_grant WHERE ends_at < now() - interval '1 hour'"
        ).fetchone()
    return int(row[0]) if row else 0
