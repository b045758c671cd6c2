"""The figures as people read them."""

from __future__ import annotations

from typing import Any

from tests.bench.sides import ours

HEADS = (
    f"{'':<28}{'requests/s':>11}{'p50 ms':>9}{'p95 ms':>9}{'p99 ms':>9}"
    f"{'CPU ms':>9}{'of DB':>8}{'SQL':>5}{'MiB':>7}{'ours':>10}"
)


def ratio(own: dict[str, Any], other: dict[str, Any]) -> float:
    """How many times as many requests a second ours answers."""
    found: float = own["requests_per_second"] / other["requests_per_second"]
    return round(found, 2)


def own_row(rows: list[dict[str, Any]]) -> dict[str, Any] | None:
    """Ours among the rows of an operation."""
    return next((each for each in rows if each["side"] == ours.NAME), None)


def show(rows: list[dict[str, Any]]) -> None:
    """Print the rows of one operation."""
    if "seconds" in rows[0]:
        print(f"\n{rows[0]['operation']}")
        for each in rows:
            told = f"{each['seconds']:>9.2f} s, of them {each['core_seconds']:.2f} of a core"
            print(f"  {each['side']:<26}{told}", flush=True)
        return
    print(f"\n{rows[0]['operation']:<28}{HEADS[28:]}")
    own = own_row(rows)
    for each in rows:
        times = f"× {ratio(own, each):.2f}" if own and own is not each else ""
        print(
            f"  {each['side']:<26}{each['requests_per_second']:>11,.1f}{each['p50_ms']:>9.2f}"
            f"{each['p95_ms']:>9.2f}{each['p99_ms']:>9.2f}{each['cpu_ms']:>9.3f}"
            f"{each['database_cpu_ms']:>8.3f}{each.get('statements') or '':>5}"
            f"{each['memory_mib']:>7.0f}{times:>10}",
            flush=True,
        )
