"""Why a goal isn't reached: what such an answer costs at the least on this stack, what ours costs,
and what ours does that the floor doesn't. The figures are those of the run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tests.bench.comparison import cost
from tests.bench.sides import floor, node, ours

Row = dict[str, Any]
Rows = Mapping[tuple[str, str], Row]
"""By operation and side."""

REVOCABLE = (
    "Whether the grant, the person and the clients still stand is asked of the database for each "
    "answer, so that a revocation holds at once."
)
BARE = (
    "Nor has it any middleware, log line or security header, a form to read, a client to "
    "authenticate, or claims to put together."
)
PAGE = "It is a page of HTML, made anew for each request, with a form against forgery."
WHY = {
    "client_credentials": (
        "Each answer is a JWT that is signed by ES256, and that every API can verify by itself; "
        "that of oidc-provider is a random reference, which is lost with its process and costs "
        "each API a request."
    ),
    "jwks": "The same bytes each time; the rest is what every answer of the site gets: headers "
    "that keep browsers safe, a request's number and figures for the operator.",
    "discovery": "The same as for the JWK set.",
    "userinfo": REVOCABLE,
    "introspection": f"{REVOCABLE} The caller proves who it is, too.",
    "resource_kit": "What is left is what an API asks of a token that it has verified before: its "
    "header, its time, and whether it was revoked.",
    "authorize": f"The floor reads nothing: ours reads who is signed in with their session, and "
    f"what they have agreed to, before it commits the code. {BARE} The rest is Python that weighs "
    "some twenty parameters, and is spread over hundreds of functions.",
    "code": f"The floor reads nothing and writes one row: ours reads the code with whose it is, "
    f"and by one statement consumes it and writes the refresh token. {BARE}",
    "refresh": f"The floor reads nothing: ours reads the token with whose it is, before it commits "
    f"its successor. {BARE}",
    "signin_page": PAGE,
    "consent_page": f"{PAGE} It is made for a person who is signed in, and reads what they have "
    "agreed to before.",
    "signin_post": "The rest begins the session: its row, the security log, and what is asked of a "
    "browser that was seen before.",
    "cold_start": "Each worker imports Django, the libraries and five apps, and sees that all is "
    "set up well before it answers.",
    "memory": "It is what the imported modules hold, and what is kept of documents, keys and "
    "templates; the table under Memory shows whether it grows.",
    "clean_up": "A grant goes with its tokens and what refers to them, a thousand a transaction; "
    "a second worker would not help, since one is at it at a time.",
    "growth": "The rows are the same; what grows is the depth of the indexes, and how much of them "
    "the database finds in its memory.",
}
"""Of each operation, in words that hold whatever the figures are."""

EMPTY = ("an empty view", "jwks", floor.NAME)
STEPS = {
    "client_credentials": (
        EMPTY,
        ("one with an ES256 signature", "client_credentials", floor.NAME),
    ),
    "userinfo": (
        ("an empty view", "userinfo", floor.NAME),
        ("one that reads a row", "userinfo", floor.READING),
    ),
    "introspection": (
        ("an empty view", "introspection", floor.NAME),
        ("one that reads a row", "introspection", floor.READING),
    ),
    "authorize": (EMPTY, ("one that commits a row", "authorize", floor.NAME)),
    **{
        each: (EMPTY, ("one with a commit, RS256 and ES256", each, floor.NAME))
        for each in ("code", "refresh")
    },
}
"""What the floor costs, step by step; of others, the empty view only."""


def of(operation: str, rows: list[Row], share: float = 0.0) -> str:
    """For an operation whose goal is missed, as some sentences. ``share`` is how much of the empty
    view's requests a second was wanted."""
    found = {
        (row["operation"], row["side"]): row
        for row in rows
        if "cpu_ms" in row and not row.get("growth")
    }
    parts = [WHY[operation], *_costs(operation, found), *_page(operation, found)]
    parts += _out_of_reach(operation, found, share)
    parts += _where_it_goes(operation, rows)
    return " ".join(parts)


def _costs(operation: str, found: Rows) -> Iterator[str]:
    own = found.get((operation, ours.NAME))
    if own is None:
        return
    steps = STEPS.get(operation, (("an empty view", operation, floor.NAME),))
    told = [
        f"{name} {cost(row):.2f}"
        for name, *key in steps
        if (row := found.get((key[0], key[1]))) is not None
    ]
    peer = found.get((operation, node.IN_MEMORY))
    told += [f"{node.IN_MEMORY} {cost(peer):.2f}"] if peer else []
    database = f", of which the database {own['database_cpu_ms']:.2f}"
    mine = f"ours {cost(own):.2f}{database if own['database_cpu_ms'] >= 0.005 else ''}"
    yield f"Milliseconds of a core: {'; '.join([*told, mine])}."


def _page(operation: str, found: Rows) -> Iterator[str]:
    """What a page must wait for where several are asked for all the time."""
    own = found.get((operation, ours.NAME))
    if own is None or not operation.endswith("_page") or "cores" not in own:
        return
    least = cost(own) * own["connections"] / own["cores"]
    yield (
        f"{own['connections']} connections ask without a pause, so that each answer waits for "
        f"those of the others: {least:.0f} ms on {own['cores']} cores at the least, were there "
        "nobody else on them."
    )


def _out_of_reach(operation: str, found: Rows, share: float) -> Iterator[str]:
    empty, reading = found.get((operation, floor.NAME)), found.get((operation, floor.READING))
    if empty is None or reading is None:
        return
    reached = reading["requests_per_second"] / empty["requests_per_second"]
    by_cpu = cost(empty) / cost(reading)
    told = f"A view that does nothing but read one row reaches {reached:.0%} of the empty one"
    told += f" (by CPU {by_cpu:.0%})"
    if max(reached, by_cpu) < share:
        told += ": no answer that can be revoked at once reaches the goal"
    yield f"{told}."


def _where_it_goes(operation: str, rows: list[Row]) -> Iterator[str]:
    for row in rows:
        if row["operation"] == "profile" and row["of"] == operation:
            largest = sorted(row["parts"].items(), key=lambda part: -part[1])[:4]
            told = ", ".join(f"{name} {ms:.2f}" for name, ms in largest)
            yield f"Most of ours, by the profile: {told}."
