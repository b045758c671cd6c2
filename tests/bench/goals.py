"""What is to be reached, beside what was measured."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from tests.bench import reasons
from tests.bench.comparison import cost, ratios
from tests.bench.sides import floor, node, ours

Row = dict[str, Any]

RATES = {"client_credentials": 2_300, "jwks": 4_700, "discovery": 4_700}
"""Requests a second."""
SHARES = (
    ("client_credentials", node.IN_MEMORY, 1.0),
    ("userinfo", floor.NAME, 0.6),
    ("introspection", floor.NAME, 0.6),
    ("resource_kit", floor.NAME, 0.95),
    ("code", floor.NAME, 0.7),
    ("refresh", floor.NAME, 0.7),
    ("authorize", floor.NAME, 0.6),
)
"""The operation, whom it is set beside, and how many times as many requests a second."""
PAGES = ("signin_page", "consent_page")
PAGE_P95 = 30
"""Milliseconds."""
HASHING = 0.9
"""Of the seconds of a core of a sign-in by password."""
MEMORY = 120
"""MiB, of the largest worker."""
COLD_START = 2
"""Seconds."""
GROWTH = 1.1
"""What a request costs with many people, to what it costs with few."""


@dataclass(frozen=True)
class Goal:
    """What was wanted, and what was found."""

    wanted: str
    found: str
    reached: bool
    of: str
    """The operation, or what else it is about."""
    share: float = 0.0
    """Of the floor."""


def of(rows: list[Row]) -> Iterator[Goal]:
    """The goals of which something was measured."""
    own = [row for row in rows if row["side"] == ours.NAME and not row.get("growth")]
    yield from _rates(rows, own)
    yield from _shares(rows)
    for row in own:
        name = row["operation"]
        if name in PAGES:
            load = f"{row['connections']} connections without a pause"
            wanted = f"{name}: p95 below {PAGE_P95} ms, {load}"
            yield Goal(wanted, f"{row['p95_ms']:.0f} ms", row["p95_ms"] < PAGE_P95, name)
        if row.get("hash_cpu_ms"):
            share = row["hash_cpu_ms"] / row["cpu_ms"]
            wanted = f"{name}: Argon2id is at least {HASHING:.0%} of it"
            yield Goal(wanted, f"{share:.0%}", share >= HASHING, name)
        if name == "cold_start":
            wanted = f"cold start: within {COLD_START} s"
            found = f"{row['seconds']:.1f} s, {row['core_seconds']:.1f} of a core"
            yield Goal(wanted, found, row["seconds"] <= COLD_START, name)
    yield from _memory(own)
    yield from _growth(row for row in rows if row.get("growth") and "cpu_ms" in row)
    for row in rows:
        if row["operation"] == "clean_up":
            removed, made = row["removed_per_second"], row["made_per_second"]
            found = f"{removed:,.0f} grants a second removed, {made:,.0f} made"
            yield Goal("clean-up keeps pace while serving", found, removed >= made, "clean_up")


def _rates(rows: list[Row], own: list[Row]) -> Iterator[Goal]:
    peers = {row["operation"]: row for row in rows if row["side"] == node.IN_MEMORY}
    for row in own:
        if least := RATES.get(row["operation"]):
            rate = row["requests_per_second"]
            peer = peers.get(row["operation"])
            beside = f" ({node.IN_MEMORY}: {peer['requests_per_second']:,.0f}/s)" if peer else ""
            wanted = f"{row['operation']}: {least:,}/s"
            yield Goal(wanted, f"{rate:,.0f}/s{beside}", rate >= least, row["operation"])


def _shares(rows: list[Row]) -> Iterator[Goal]:
    found = ratios(rows)
    for operation, side, least in SHARES:
        if ratio := found.get(operation, {}).get(side):
            also = found[operation].get(floor.READING) if side == floor.NAME else None
            beside = f"; {also['rate']:.0%} of {floor.READING}" if also else ""
            yield Goal(
                f"{operation}: {least:.0%} of {side}",
                f"{ratio['rate']:.0%} (by CPU {ratio['cpu']:.0%}){beside}",
                ratio["rate"] >= least,
                operation,
                least,
            )


def _memory(own: list[Row]) -> Iterator[Goal]:
    held = [row["memory_mib"] for row in own if "memory_mib" in row]
    if held:
        most = max(held)
        wanted = f"memory of a worker: {MEMORY} MiB"
        yield Goal(wanted, f"{most:.0f} MiB", most <= MEMORY, "memory")
    for row in own:
        if row["operation"] == "soak" and "flat_mib" in row:
            over = f"over {row['requests']:,} requests"
            wanted = f"memory of a worker grows by less than {row['flat_mib']} MiB {over}"
            grown = row["grown_mib"]
            yield Goal(wanted, f"{grown:+.1f} MiB", grown < row["flat_mib"], "memory")
            wanted = f"memory of a worker {over}: {MEMORY} MiB"
            most = row["most_mib"]
            yield Goal(wanted, f"at most {most:.0f} MiB", most <= MEMORY, "memory")


def _growth(rows: Iterable[Row]) -> Iterator[Goal]:
    first: dict[str, Row] = {}
    times, side = {}, ""
    for row in rows:
        least = first.setdefault(row["operation"], row)
        if least is not row and "cleaning" not in row["side"]:
            times[row["operation"]], side = cost(row) / cost(least), row["side"]
    if times:
        worst = max(times, key=lambda operation: times[operation])
        yield Goal(
            f"growth to {side}: a request costs at most × {GROWTH}",
            f"× {times[worst]:.2f} ({worst})",
            times[worst] <= GROWTH,
            "growth",
        )


def missed(rows: list[Row]) -> dict[str, str]:
    """By operation, why its goals are not reached."""
    return {goal.of: reasons.of(goal.of, rows, goal.share) for goal in of(rows) if not goal.reached}


def show(rows: list[Row]) -> None:
    """Print them."""
    for goal in of(rows):
        print(f"  {'reached' if goal.reached else 'not yet':<9}{goal.wanted}: {goal.found}")
    for operation, reason in missed(rows).items():
        print(textwrap.fill(f"{operation}: {reason}", 100, subsequent_indent="    "))
