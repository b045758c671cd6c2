"""``python -m tests.bench.report``: the page on performance, from what was measured.

Reads ``var/bench/last.jsonl``, and ``growth.jsonl`` and ``soak.jsonl`` beside it, and writes
``docs/performance.json``, the page and its charts. What the files lack stays as it was written
before, so that one operation can be measured anew. With the argument ``words``, the page is written
from the figures that it had: what was measured is left alone.
"""

from __future__ import annotations

import json
import os
import platform
import sys
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.bench import charts, page
from tests.bench.comparison import committed, ratios
from tests.idp_site.site import ROOT

DOCS = ROOT / "docs"
RESULTS = ROOT / "var" / "bench"
Row = dict[str, Any]


def machine() -> dict[str, str]:
    """What it was measured on."""
    processor = next(
        line.partition(":")[2].strip()
        for line in [*Path("/proc/cpuinfo").read_text().splitlines(), "model name: unknown"]
        if line.startswith("model name")
    )
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1024**3
    return {
        "processor": processor,
        "cores": str(os.cpu_count()),
        "memory": f"{memory:.0f} GiB",
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "load": f"{os.getloadavg()[2]:.0f}",
        "measured": datetime.now(UTC).date().isoformat(),
    }


def read(name: str) -> list[Row]:
    """The rows of a run about sides, none if there was none."""
    file = RESULTS / f"{name}.jsonl"
    if not file.exists():
        return []
    rows = [json.loads(line) for line in file.read_text().splitlines()]
    return [row for row in rows if "side" in row]


def merged(old: Iterable[Row], new: Iterable[Row]) -> list[Row]:
    """The new rows of an operation in place of all its old ones."""
    new = list(new)
    replaced = {_what(row) for row in new}
    return [row for row in old if _what(row) not in replaced] + new


def _what(row: Row) -> tuple[str, str, bool]:
    return row["operation"], row.get("of", ""), bool(row.get("growth"))


def main(*arguments: str) -> int:
    """Write them."""
    told: Mapping[str, Any] = committed() if "words" in arguments else _with_what_is_new()
    rows = told["rows"]
    (DOCS / "images" / "performance-ratios.svg").write_text(charts.of_ratios(rows))
    if any(row.get("growth") for row in rows):
        (DOCS / "images" / "performance-growth.svg").write_text(charts.of_growth(rows))
    if any(row["operation"] == "profile" for row in rows):
        (DOCS / "images" / "performance-profile.svg").write_text(charts.of_profile(rows))
    (DOCS / "performance.md").write_text(page.of(told))
    print("docs/performance.md is written anew.")
    return 0


def _with_what_is_new() -> Mapping[str, Any]:
    new = [row for name in ("last", "growth", "soak") for row in read(name)]
    rows = merged(committed().get("rows", []), new)
    told = {"machine": machine(), "ratios": ratios(rows), "rows": rows}
    (DOCS / "performance.json").write_text(json.dumps(told, indent=1, sort_keys=True) + "\n")
    return told


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
