"""Many at once: real threads, each with a database connection of its own."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

from django.db import connection

WAYS = 50


def at_once(call: Callable[[], Any], ways: int = WAYS) -> list[Any]:
    """The results of ``call()`` from ``ways`` threads that start together."""
    barrier = Barrier(ways)

    def one(_: int) -> Any:
        barrier.wait()
        try:
            return call()
        finally:
            connection.close()

    with ThreadPoolExecutor(ways) as pool:
        return list(pool.map(one, range(ways)))
