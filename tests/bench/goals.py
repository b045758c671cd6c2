"""What is to be reached, beside what was measured."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from tests.bench.comparison import cost, ratios
from tests.bench.sides import floor, node, ours

Row = dict[str, Any]

SHARES = (
    ("client_credentials", node.IN_MEMORY, 1.0),
    ("jwks", node.IN_MEMORY, 1.0),
    ("discovery", node.IN_MEMORY, 1.0),
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


def of(rows: list[Row]) -> Iterator[Goal]:
    """The goals of which something was measured."""
    own = [row for row in rows if row["side"] == ours.NAME and not row.get("growth")]
    yield from _shares(rows)
    for row in own:
        if row["operation"] in PAGES:
            yield Goal(
                f"{row['operation']}: p95 below {PAGE_P95} ms",
                f"{row['p95_ms']:.0f} ms",
                row["p95_ms"] < PAGE_P95,
            )
        if row.get("hash_cpu_ms"):
            share = row["hash_cpu_ms"] / row["cpu_ms"]
            wanted = f"{row['operation']}: Argon2id is at least {HASHING:.0%} of it"
            yield Goal(wanted, f"{share:.0%}", share >= HASHING)
        if row["operation"] == "cold_start":
            wanted = f"cold start: within {COLD_START} s"
            yield Goal(wanted, f"{row['seconds']:.1f} s", row["seconds"] <= COLD_START)
    yield from _memory(own)
    yield from _growth(row for row in rows if row.get("growth") and "cpu_ms" in row)


def _shares(rows: list[Row]) -> Iterator[Goal]:
    found = ratios(rows)
    for operation, side, least in SHARES:
        if ratio := found.get(operation, {}).get(side):
            yield Goal(
                f"{operation}: {least:.0%} of {side}",
                f"{ratio['rate']:.0%} (by CPU {ratio['cpu']:.0%})",
                ratio["rate"] >= least,
            )


def _memory(own: list[Row]) -> Iterator[Goal]:
    held = [row["memory_mib"] for row in own if "memory_mib" in row]
    if held:
        yield Goal(f"memory of a worker: {MEMORY} MiB", f"{max(held):.0f} MiB", max(held) <= MEMORY)


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
        )


def show(rows: list[Row]) -> None:
    """Print them."""
    for goal in of(rows):
        print(f"  {'reached' if goal.reached else 'not yet':<9}{goal.wanted}: {goal.found}")
