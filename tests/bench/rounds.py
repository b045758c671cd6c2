"""Rounds of load: the sides of an operation take turns, so that what else the machine does is of
all of them."""

from __future__ import annotations

import os
import statistics
import sys
from dataclasses import dataclass, field
from typing import Any

from tests.bench.load import by_own_driver, driver_for
from tests.bench.request import Request
from tests.bench.sides.provider import Provider
from tests.bench.sides.side import Side

SECONDS = float(os.environ.get("BENCH_SECONDS", "2"))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "3"))
WARM_UP = 0.5
"""Seconds."""
CODES = 2000
"""At most so many of a round wait to be redeemed, so that none gets a minute old."""


@dataclass
class Measured:
    """What came of the rounds of one side."""

    side: Side
    operation: str
    rounds: list[dict[str, Any]] = field(default_factory=list)
    server_seconds: float = 0.0
    database_seconds: float = 0.0

    def add(self, request: Request, load: Any, seconds: float) -> dict[str, Any]:
        """One round. Raises ``SystemExit`` if an answer was wrong: a wrong answer may be fast."""
        before = self.side.spent()
        found: dict[str, Any] = load(self.side.port, request, self.connections, seconds)
        after = self.side.spent()
        refuse_failures(self.side, request, found)
        self.server_seconds += after[0] - before[0]
        # What a process spent that has ended meanwhile is not known, and not taken off either.
        self.database_seconds += sum(
            seconds - before[1].get(pid, 0.0) for pid, seconds in after[1].items()
        )
        self.rounds.append(found)
        return found

    @property
    def connections(self) -> int:
        """How many are used at once."""
        return self.side.connections(self.operation)

    def row(self) -> dict[str, Any]:
        """The median of the rounds, and what a request cost over all of them."""
        rates = [each["requests"] / each["elapsed"] for each in self.rounds]
        requests = sum(each["requests"] for each in self.rounds)

        def median(name: str) -> float:
            found: float = statistics.median(each[name] for each in self.rounds)
            return round(found, 2)

        return {
            "operation": self.operation,
            "side": self.side.name,
            "version": self.side.version,
            "requests_per_second": round(statistics.median(rates), 1),
            "slowest_round": round(min(rates), 1),
            "fastest_round": round(max(rates), 1),
            "p50_ms": median("p50_ms"),
            "p95_ms": median("p95_ms"),
            "p99_ms": median("p99_ms"),
            "cpu_ms": round(self.server_seconds * 1000 / requests, 3),
            "database_cpu_ms": round(self.database_seconds * 1000 / requests, 3),
            "memory_mib": self.side.memory_mib(),
            "requests": requests,
            "connections": self.connections,
            "cores": os.cpu_count(),
            "driver": self.rounds[0]["driver"],
        }


def refuse_failures(side: Side, request: Request, found: dict[str, Any]) -> None:
    """Raises ``SystemExit`` if an answer was another than it must be."""
    if found["failures"] or not found["requests"]:
        told = f"{found['failures']} of {found['requests']} answers of {side.name} are wrong"
        raise SystemExit(f"{request.method} {request.path}: {told}: {found['first_failure']}")


def measure(operation: str, sides: list[Side]) -> list[dict[str, Any]]:
    """The rows of an operation, for the sides that have it."""
    asked = {}
    for side in sides:
        if (request := side.request(operation)) is not None:
            asked[side] = request
            print(f"{operation}: {side.name}", file=sys.stderr, flush=True)
    if operation == "code":
        return _measure_codes(asked)
    loads = {}
    for side, request in asked.items():
        warm_up = by_own_driver(side.port, request, side.connections(operation), WARM_UP)
        refuse_failures(side, request, warm_up)
        loads[side] = driver_for(request, warm_up)
    measured = {side: Measured(side, operation) for side in asked}
    for side in in_turns(list(asked)):
        measured[side].add(asked[side], loads[side], SECONDS)
    return [each.row() for each in measured.values()]


def in_turns(sides: list[Side]) -> list[Side]:
    """Every round has each side once, every other round the other way about."""
    return [side for number in range(ROUNDS) for side in (sides[::-1] if number % 2 else sides)]


def _measure_codes(asked: dict[Side, Request]) -> list[dict[str, Any]]:
    """Codes and refresh tokens are good once: each round of authorization requests gives the codes
    of a round of redemptions, and that the tokens of a round of refreshes."""
    steps = ("authorize", "code", "refresh")
    measured = {step: {side: Measured(side, step) for side in asked} for step in steps}
    for side, request in asked.items():
        _one_round_of_codes(side, request, {step: Measured(side, step) for step in steps}, WARM_UP)
    for side in in_turns(list(asked)):
        counted = {step: measured[step][side] for step in steps}
        _one_round_of_codes(side, asked[side], counted, SECONDS)
    return [each.row() for step in steps for each in measured[step].values()]


def _one_round_of_codes(
    side: Side, request: Request, measured: dict[str, Measured], seconds: float
) -> None:
    if not isinstance(side, Provider):
        for step, each in measured.items():
            plain = side.request(step)
            assert plain is not None
            each.add(plain, by_own_driver, seconds)
        return
    found = measured["authorize"].add(request, by_own_driver, seconds)
    codes = tuple(found["taken"][-CODES:])
    redeemed = measured["code"].add(side.redemption(codes), by_own_driver, seconds)
    tokens = tuple(redeemed["taken"][-side.connections("refresh") :])
    measured["refresh"].add(side.refreshing(tokens), by_own_driver, seconds)
