"""How long it takes from the start of a process to its first answer."""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from http.client import HTTPConnection
from typing import Any

from tests.bench.processes import cpu_seconds, tree
from tests.bench.rounds import ROUNDS
from tests.bench.serving import as_installed, stop
from tests.bench.sides.provider import Provider
from tests.bench.sides.side import Side
from tests.idp_site.site import ROOT
from tests.machine import free_port

OPERATION = "cold_start"
LONGEST = 60
"""Seconds."""


def measure(sides: list[Side]) -> list[dict[str, Any]]:
    """Start another server like each in turn, and end it when it has answered."""
    taken: dict[Side, list[tuple[float, float]]] = {}
    for _ in range(ROUNDS):
        for side in sides:
            if isinstance(side, Provider) and side.environment:
                taken.setdefault(side, []).append(_seconds(side))
    return [
        {
            "operation": OPERATION,
            "side": side.name,
            "version": side.version,
            "seconds": round(statistics.median(seconds for seconds, _ in starts), 2),
            "core_seconds": round(statistics.median(core for _, core in starts), 2),
        }
        for side, starts in taken.items()
    ]


def _seconds(side: Provider) -> tuple[float, float]:
    """By the clock, and of a core: of all processes until then."""
    port = free_port()
    command = [str(port) if part == str(side.port) else part for part in side.command]
    began = time.perf_counter()
    env = as_installed({**os.environ, **side.environment})
    process = subprocess.Popen(command, cwd=ROOT, env=env)
    try:
        while time.perf_counter() < began + LONGEST:
            if _answers(port, side.paths["jwks"]):
                return time.perf_counter() - began, cpu_seconds(tree(process.pid))
            time.sleep(0.01)
    finally:
        stop(process)
    raise SystemExit(f"{side.name} did not answer within {LONGEST} seconds.")


def _answers(port: int, path: str) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path, headers={"Host": f"localhost:{port}"})
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()
