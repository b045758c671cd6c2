"""``python -m tests.bench.operations``: the operations beside the peers and the floor.

``BENCH`` chooses parts by commas (operations or sides), all of them if it is empty.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from typing import Any

from tests.bench import table
from tests.bench.rounds import measure
from tests.bench.sides import floor, node, ours
from tests.bench.sides.side import Side

OPERATIONS = (
    "client_credentials",
    "jwks",
    "discovery",
    "userinfo",
    "introspection",
    "code",
    "consent_page",
    "signin_page",
    "signin_post",
)
SIDES: dict[str, Callable[[], AbstractContextManager[Side]]] = {
    ours.NAME: ours.running,
    node.IN_MEMORY: partial(node.running, node.IN_MEMORY),
    node.ON_POSTGRESQL: partial(node.running, node.ON_POSTGRESQL),
    floor.NAME: floor.running,
}
WHY_NOT: dict[str, Callable[[], str]] = {
    node.IN_MEMORY: partial(node.why_not, node.IN_MEMORY),
    node.ON_POSTGRESQL: partial(node.why_not, node.ON_POSTGRESQL),
}


def chosen(names: tuple[str, ...]) -> list[str]:
    """Those of the names that ``BENCH`` has, all if it has none of them."""
    wanted = os.environ.get("BENCH", "").split(",")
    return [name for name in names if name in wanted] or list(names)


def run() -> list[dict[str, Any]]:
    """Measure what is chosen, and print it."""
    rows = []
    with contextlib.ExitStack() as stack:
        sides = [stack.enter_context(SIDES[name]()) for name in chosen(tuple(SIDES))]
        for operation in chosen(OPERATIONS):
            found = measure(operation, sides)
            for _, group in itertools.groupby(found, key=lambda row: str(row["operation"])):
                table.show(list(group))
            rows += found
    return rows


if __name__ == "__main__":
    run()
    sys.exit(0)
