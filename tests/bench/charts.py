"""Charts as SVG: of ratios, in bars whose lengths are on a logarithmic scale, so that right of the
line in the middle ours is ahead; and of what a request is spent on, in bars of parts."""

from __future__ import annotations

import math
from collections.abc import Iterable
from html import escape
from typing import Any

from tests.bench.comparison import cost, ratios

Row = dict[str, Any]
Bar = tuple[str, str, float]
"""The operation, the other side, and how many times as much."""

WIDTH, LABELS, LINE = 860, 330, 20
COLOURS = {
    "floor": "#8a8f98",
    "floor with a read": "#5f6670",
    "django-oauth-toolkit": "#b4532a",
    "allauth.idp": "#8f6a00",
    "oidc-provider, memory": "#5b6ee1",
    "oidc-provider, PostgreSQL": "#1f7a8c",
}
PARTS = {
    "server": "#b9bec7",
    "Django": "#0c4b33",
    "middleware": "#44b78b",
    "parameters": "#8f6a00",
    "client authentication": "#d6a419",
    "the endpoint itself": "#b4532a",
    "session and person": "#c05a8a",
    "templates and forms": "#7a4fa3",
    "signatures": "#5b6ee1",
    "database client": "#1f7a8c",
    "database": "#64b5c6",
}
STYLE = (
    "text{font:13px system-ui,sans-serif;fill:#222}.b{font-weight:bold}"
    ".a{stroke:#999;stroke-width:1}"
    ".g{stroke:#ddd;stroke-width:1}"
    "@media (prefers-color-scheme:dark){text{fill:#ddd}.g{stroke:#444}}"
)


def of_ratios(rows: Iterable[Row]) -> str:
    """How many times the work of each other side ours does for the same seconds of a core."""
    bars = [
        (operation, side, ratio["cpu"])
        for operation, sides in ratios(rows).items()
        for side, ratio in sides.items()
        if ratio["cpu"]
    ]
    title = "Work for the same seconds of a core, ours to the others (1: the same)"
    return chart(title, bars)


def of_growth(rows: Iterable[Row]) -> str:
    """What a request costs on the small database, by what it costs on the others."""
    grown: dict[str, list[Row]] = {}
    for row in rows:
        if row.get("growth") and "cpu_ms" in row:
            grown.setdefault(row["operation"], []).append(row)
    bars = [
        (operation, row["side"], cost(found[0]) / cost(row))
        for operation, found in grown.items()
        for row in found[1:]
        if cost(row)
    ]
    title = (
        "Work for the same seconds of a core, by what it is with the fewest people (1: the same)"
    )
    return chart(title, bars)


def chart(title: str, bars: list[Bar]) -> str:
    """The bars below each other, in groups by operation."""
    reach = max([2.0, *(max(value, 1 / value) for _, _, value in bars)])
    half = (WIDTH - LABELS - 70) / 2
    middle = LABELS + half
    parts, y, last = [], 40, ""
    decades = math.ceil(math.log10(reach))
    for power in range(-decades, decades + 1):
        if 10.0 ** abs(power) <= reach:
            x = middle + half * power / math.log10(reach)
            kind = "a" if power == 0 else "g"
            parts.append(f'<line class="{kind}" x1="{x:.1f}" y1="34" x2="{x:.1f}" y2="{{end}}"/>')
            label = f"×{10**power:g}"
            parts.append(f'<text x="{x:.1f}" y="30" text-anchor="middle">{label}</text>')
    for operation, side, value in bars:
        if operation != last:
            y += 8 if last else 0
            parts.append(f'<text x="0" y="{y + 14}" class="b">{escape(operation)}</text>')
            last = operation
        length = half * math.log10(value) / math.log10(reach)
        colour = COLOURS.get(side, "#1f7a8c")
        parts += [
            f'<text x="{LABELS - 8}" y="{y + 14}" text-anchor="end">{escape(side)}</text>',
            f'<rect x="{middle + min(0, length):.1f}" y="{y + 3}" width="{abs(length):.1f}" '
            f'height="{LINE - 6}" fill="{colour}"><title>{value:.2f}</title></rect>',
            f'<text x="{WIDTH - 4}" y="{y + 14}" text-anchor="end">{value:.2f}</text>',
        ]
        y += LINE
    return _svg(title, y, "".join(parts).replace("{end}", str(y + 4)))


def of_profile(rows: Iterable[Row]) -> str:
    """What a request of each operation is spent on: each bar is all of it."""
    profiled = [row for row in rows if row["operation"] == "profile"]
    names = [name for name in PARTS if any(name in row["parts"] for row in profiled)]
    title = "What a request is spent on, of its milliseconds of a core"
    left, width, y = 160, WIDTH - 160 - 80, 30
    parts = []
    for number, name in enumerate(names):
        at, top = left + number % 4 * 170, y + number // 4 * LINE
        parts.append(f'<rect x="{at}" y="{top}" width="12" height="12" fill="{PARTS[name]}"/>')
        parts.append(f'<text x="{at + 18}" y="{top + 11}">{escape(name)}</text>')
    y += (len(names) + 3) // 4 * LINE + 8
    for row in profiled:
        total, x = sum(row["parts"].values()), float(left)
        parts.append(f'<text x="0" y="{y + 14}" class="b">{escape(row["of"])}</text>')
        for name in names:
            ms = row["parts"].get(name, 0.0)
            length = width * ms / total
            parts.append(
                f'<rect x="{x:.1f}" y="{y + 3}" width="{length:.1f}" height="{LINE - 6}" '
                f'fill="{PARTS[name]}"><title>{escape(name)}: {ms:.3f} ms</title></rect>'
            )
            x += length
        parts.append(f'<text x="{WIDTH - 4}" y="{y + 14}" text-anchor="end">{total:.2f} ms</text>')
        y += LINE
    return _svg(title, y, "".join(parts))


def _svg(title: str, height: int, drawn: str) -> str:
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height + 10}" role="img" '
        f'aria-label="{escape(title)}"><title>{escape(title)}</title><style>{STYLE}</style>'
        f'<text x="0" y="14" class="b">{escape(title)}</text>'
    )
    return f"{head}{drawn}</svg>\n"
