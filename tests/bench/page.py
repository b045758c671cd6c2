"""The documentation's page on performance: what is measured and how, and the figures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from tests.bench import charts, goals, soak
from tests.bench.comparison import cost, ratios
from tests.bench.sides import ours

Row = dict[str, Any]

HEAD = Path(__file__).with_name("page_head.md")

NOTES = {
    "authorize": "A person who is signed in and has consented is sent back with a code.",
    "code": "The code is exchanged for an access token, an ID token and a refresh token.",
    "refresh": "A refresh token is exchanged, and replaced.",
    "resource_kit": "An API verifies a JWT of ours by itself, by the resource-server kit.",
    "introspection": "Of an access token, asked for by the client that it was issued to.",
    "signin_post": "A password is verified and a session begun, in a browser seen before.",
    "cold_start": "From the start of the process to the first answer (the JWK set).",
}


def of(told: Mapping[str, Any]) -> str:
    """The page."""
    rows: list[Row] = told["rows"]
    own = [row for row in rows if not row.get("growth")]
    parts = [
        HEAD.read_text()
        .replace("{machine}", _machine(told["machine"]))
        .replace("{goals}", _goals(rows))
    ]
    parts += [
        _table(operation, [row for row in own if row["operation"] == operation])
        for operation in dict.fromkeys(row["operation"] for row in own if "cpu_ms" in row)
    ]
    if cold := [row for row in own if row["operation"] == "cold_start"]:
        parts.append(_cold_start(cold))
    if soaked := [row for row in own if row["operation"] == "soak"]:
        parts.append(_soak(soaked[-1]))
    if profiled := [row for row in own if row["operation"] == "profile"]:
        parts.append(_profile(profiled))
    if grown := [row for row in rows if row.get("growth")]:
        parts.append(_growth(grown))
    return "\n".join(parts)


def _machine(machine: Mapping[str, str]) -> str:
    return (
        f"Measured on {machine['measured']}: {machine['cores']} cores of "
        f"{machine['processor']}, {machine['memory']}, {machine['system']}, Python "
        f"{machine['python']}. The load average of the last quarter of an hour was "
        f"{machine['load']}, the bench's own included: where it is far above the number of cores, "
        "others were at work, and seconds of a core say more than requests a second."
    )


def _goals(rows: list[Row]) -> str:
    lines = ["| wanted | measured | |", "|---|---|---|"]
    lines += [
        f"| {goal.wanted} | {goal.found} | {'reached' if goal.reached else 'not yet'} |"
        for goal in goals.of(rows)
    ]
    if missed := goals.missed(rows):
        lines += ["", "### Why not", ""]
        lines += [f"- **{operation}**: {reason}" for operation, reason in missed.items()]
    return "\n".join(lines)


def _table(operation: str, rows: list[Row]) -> str:
    heads = ("side", "requests/s", "p50 ms", "p95 ms", "p99 ms", "CPU", "DB", "SQL", "MiB", "ours")
    lines = [f"### {operation}", ""]
    if operation in NOTES:
        lines += [NOTES[operation], ""]
    lines += [f"| {' | '.join(heads)} |", "|---|" + "---:|" * (len(heads) - 1)]
    stands = ratios(rows).get(operation, {})
    for row in rows:
        ratio = stands.get(row["side"])
        cells = [
            f"**{row['side']}**" if row["side"] == ours.NAME else f"{row['side']} {row['version']}",
            f"{row['requests_per_second']:,.1f}",
            *(f"{row[name]:.2f}" for name in ("p50_ms", "p95_ms", "p99_ms")),
            f"{row['cpu_ms']:.2f}",
            f"{row['database_cpu_ms']:.2f}",
            "" if row.get("statements") is None else str(row["statements"]),
            f"{row['memory_mib']:.0f}",
            f"× {ratio['rate']:.2f} ({ratio['cpu']:.2f})" if ratio else "",
        ]
        lines.append(f"| {' | '.join(cells)} |")
    hashing = next((row for row in rows if row.get("hash_cpu_ms")), None)
    if hashing:
        share = hashing["hash_cpu_ms"] / hashing["cpu_ms"]
        lines += [
            "",
            f"Of ours, Argon2id is {hashing['hash_cpu_ms']:.0f} ms of a core: {share:.0%}.",
        ]
    return "\n".join([*lines, ""])


def _profile(rows: list[Row]) -> str:
    names = [name for name in charts.PARTS if any(name in row["parts"] for row in rows)]
    lines = [
        "## Where the time goes",
        "",
        "Of ours, in milliseconds of a core for a request (`BENCH=profile make bench`): the site",
        "is called in one process as a server calls it, and a timer looks every few milliseconds",
        "of a core at which part is at work, the innermost of these. *Server* is what the same",
        "request costs more over HTTP: granian, the hand-over to a thread, and threads that wait",
        "for each other. *Database* is PostgreSQL; *database client* is all that speaks to it:",
        "psycopg, Django's ORM and our prepared queries.",
        "",
        "![What a request is spent on](images/performance-profile.svg)",
        "",
        f"| part | {' | '.join(row['of'] for row in rows)} |",
        "|---|" + "---:|" * len(rows),
    ]
    for name in names:
        cells = (f"{row['parts'].get(name, 0):.3f}" for row in rows)
        lines.append(f"| {name} | {' | '.join(cells)} |")
    sums = (f"**{sum(row['parts'].values()):.2f}**" for row in rows)
    lines.append(f"| **all** | {' | '.join(sums)} |")
    return "\n".join([*lines, ""])


def _cold_start(rows: list[Row]) -> str:
    lines = ["### cold_start", "", NOTES["cold_start"], ""]
    lines += ["| side | seconds | of them of a core |", "|---|---:|---:|"]
    lines += [
        f"| {row['side']} | {row['seconds']:.2f} | {row['core_seconds']:.2f} |" for row in rows
    ]
    return "\n".join([*lines, ""])


def _soak(row: Row) -> str:
    lines = [
        "### Memory",
        "",
        f"The largest worker holds {row['first_mib']:.0f} MiB when it is warm and "
        f"{row['last_mib']:.0f} MiB after {row['requests']:,} requests "
        "(`BENCH=soak make bench`).",
        "",
    ]
    if steps := row.get("steps"):
        lines += [
            f"They are of each kind, in turns: {', '.join(soak.SHARES)}.",
            "",
            f"| requests | {' | '.join(f'worker {n + 1}' for n in range(len(steps[0]['mib'])))} |",
            "|---:|" + "---:|" * len(steps[0]["mib"]),
        ]
        for step in steps:
            held = " | ".join(f"{mib:.1f} MiB" for mib in step["mib"])
            lines.append(f"| {step['requests']:,} | {held} |")
        lines.append("")
    return "\n".join(lines)


def _growth(rows: list[Row]) -> str:
    lines = [
        "## Growth",
        "",
        "`GROWTH=1 make bench`: two of our servers in turns, one with few people, clients and past",
        "tokens and one with many. A past access token or ID token leaves no row; ten past tokens",
        "(a code, and three times an access token, an ID token and a refresh token) leave a grant,",
        "its newest refresh token, a session and what its client knows of that. A hundred people",
        "and a hundred clients take turns in asking. Half of the grants have ended, and the",
        "worker's scheduled clean-up removes them while it is measured once more; what that costs",
        "is told apart.",
        "",
        *(f"- {row['side']}: {row['told']}." for row in rows if row["operation"] == "size"),
        "",
        "![Work by size](images/performance-growth.svg)",
        "",
        "| operation | side | requests/s | p95 ms | CPU | DB | cost, to the smallest |",
        "|---|---|---:|---:|---:|---:|---:|",
    ]
    first: dict[str, Row] = {}
    for row in rows:
        if "cpu_ms" not in row:
            continue
        least = first.setdefault(row["operation"], row)
        times = f"× {cost(row) / cost(least):.2f}" if least is not row else ""
        lines.append(
            f"| {row['operation']} | {row['side']} | {row['requests_per_second']:,.1f} "
            f"| {row['p95_ms']:.2f} | {row['cpu_ms']:.2f} | {row['database_cpu_ms']:.2f} "
            f"| {times} |"
        )
    lines += _clean_up(row for row in rows if row["operation"] == "clean_up")
    return "\n".join([*lines, ""])


def _clean_up(rows: Iterable[Row]) -> list[str]:
    lines = []
    for row in rows:
        lines += [
            "",
            f"Meanwhile {row['removed_per_second']:,} grants a second were removed and "
            f"at most {row['made_per_second']:,} made.{_cost_of_removing(row)}",
        ]
    return lines


def _cost_of_removing(row: Row) -> str:
    return f" Each took the worker {row['core_ms']:.2f} ms of a core." if "core_ms" in row else ""
