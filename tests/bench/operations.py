"""The operations, beside the peers and the floor: who takes part, and in what.

``BENCH`` chooses parts by commas (operations or sides), all of them if it is empty.
"""

from __future__ import annotations

import contextlib
import itertools
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from typing import Any

from tests.bench import cold_start, password_hash, table
from tests.bench.counting import statements
from tests.bench.rounds import measure
from tests.bench.sides import allauth_idp, django_oauth_toolkit, floor, kit, node, ours
from tests.bench.sides.provider import Provider
from tests.bench.sides.side import Side

OPERATIONS = (
    "client_credentials",
    "jwks",
    "discovery",
    "userinfo",
    "introspection",
    kit.OPERATION,
    "code",
    "signin_page",
    "consent_page",
    "signin_post",
    cold_start.OPERATION,
)
"""``code`` is three: the authorization request, its code and the refresh token of that."""
SIDES: dict[str, Callable[[], AbstractContextManager[Side]]] = {
    ours.NAME: ours.running,
    django_oauth_toolkit.NAME: django_oauth_toolkit.running,
    allauth_idp.NAME: allauth_idp.running,
    node.IN_MEMORY: partial(node.running, node.IN_MEMORY),
    node.ON_POSTGRESQL: partial(node.running, node.ON_POSTGRESQL),
    floor.NAME: floor.running,
}
WHY_NOT: dict[str, Callable[[], str]] = {
    allauth_idp.NAME: allauth_idp.why_not,
    node.IN_MEMORY: partial(node.why_not, node.IN_MEMORY),
    node.ON_POSTGRESQL: partial(node.why_not, node.ON_POSTGRESQL),
}


def chosen(names: tuple[str, ...]) -> list[str]:
    """Those of the names that ``BENCH`` has, all if it has none of them. A name may be begun only,
    as in ``oidc-provider``, since those with a comma can't be written out."""
    wanted = [part for part in os.environ.get("BENCH", "").split(",") if part]
    found = [name for name in names if any(name.startswith(part) for part in wanted)]
    return found or list(names)


def run() -> Iterator[list[dict[str, Any]]]:
    """Measure what is chosen, and print it: the rows of one operation after another."""
    names = chosen(OPERATIONS)
    with contextlib.ExitStack() as stack:
        sides = list(_running(stack, names))
        counts = {side.name: statements(side, names) for side in sides if not _is_special(side)}
        # It asks past Django, where nobody counts.
        counts[floor.READING] = dict.fromkeys(floor.READING_VIEWS, 1)
        for name in names:
            cold = name == cold_start.OPERATION
            found = cold_start.measure(sides) if cold else measure(name, sides)
            for row in found:
                row["statements"] = counts[row["side"]].get(row["operation"])
                if row["operation"] == "signin_post" and row["side"] == ours.NAME:
                    row["hash_cpu_ms"] = password_hash.cpu_ms(sides[0])
            for _, group in itertools.groupby(found, key=lambda row: str(row["operation"])):
                table.show(list(group))
            yield found


def _is_special(side: Side) -> bool:
    """Whether nobody can or need count the statements."""
    return isinstance(side, kit.Kit) or side.name == floor.READING


def _running(stack: contextlib.ExitStack, names: list[str]) -> Iterator[Side]:
    for name in chosen(tuple(SIDES)):
        if reason := WHY_NOT.get(name, str)():
            print(f"{name} is left out: {reason}.")
            continue
        side = stack.enter_context(SIDES[name]())
        yield side
        if isinstance(side, floor.Floor) and side.database:
            yield side.reading
        if isinstance(side, Provider) and name == ours.NAME and kit.OPERATION in names:
            yield stack.enter_context(kit.running(side))
