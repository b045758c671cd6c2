"""How ours stands to the others, and to how it stood when the documentation was written."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from typing import Any

from tests.bench.sides import ours
from tests.idp_site.site import ROOT

FILE = ROOT / "docs" / "performance.json"
WORSE = 0.85
"""A ratio that is less than so much of what it was has fallen."""
RED, PLAIN = "\x1b[31m", "\x1b[0m"
Row = dict[str, Any]
Ratios = dict[str, dict[str, dict[str, float]]]


def cost(row: Row) -> float:
    """Milliseconds of a core for a request, those of the database too."""
    return float(row["cpu_ms"]) + float(row["database_cpu_ms"])


def ratios(rows: Iterable[Row]) -> Ratios:
    """By operation and other side: how many times as many requests a second ours answers, and how
    many times as many it could for the same seconds of a core.

    The second hardly depends on what else the machine does, so that it is what is compared with
    other runs.
    """
    found: Ratios = {}
    measured = [row for row in rows if "cpu_ms" in row and not row.get("growth")]
    own = {row["operation"]: row for row in measured if row["side"] == ours.NAME}
    for row in measured:
        mine = own.get(row["operation"])
        if mine is None or mine is row or not cost(mine):
            continue
        found.setdefault(row["operation"], {})[row["side"]] = {
            "rate": round(mine["requests_per_second"] / row["requests_per_second"], 3),
            "cpu": round(cost(row) / cost(mine), 3),
        }
    return found


def committed() -> dict[str, Any]:
    """What the documentation says; nothing before it says anything."""
    if not FILE.exists():
        return {}
    told: dict[str, Any] = json.loads(FILE.read_text())
    return told


def falls(now: Ratios, before: Ratios) -> list[str]:
    """A sentence for each ratio of work that has fallen by more than 15 %."""
    found = []
    for operation, sides in now.items():
        for side, ratio in sides.items():
            was = before.get(operation, {}).get(side, {}).get("cpu")
            if was and ratio["cpu"] < WORSE * was:
                found.append(
                    f"{operation}: ours did {was:.2f} times the work of {side} in the same "
                    f"seconds of a core, and does {ratio['cpu']:.2f} times as much now."
                )
    return found


def show(rows: list[Row]) -> None:
    """Print what has fallen, in red where colours can be seen."""
    on, off = (RED, PLAIN) if sys.stdout.isatty() else ("", "")
    for sentence in falls(ratios(rows), committed().get("ratios", {})):
        print(f"{on}WORSE THAN docs/performance.json: {sentence}{off}")
