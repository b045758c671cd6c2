"""Many at once: real threads, each with a database connection of its own."""

import fcntl
import os
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Barrier
from typing import Any

from django.db import connection

WAYS = 50


@contextmanager
def turn() -> Iterator[None]:
    """PostgreSQL lets a hundred in, and two passes of ``make test`` come with as many at once."""
    with Path(tempfile.gettempdir(), f"ostiary-tests-{os.getuid()}-many-at-once").open("a") as lock:
        if connection.vendor == "postgresql":
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def at_once(call: Callable[[], Any], ways: int = WAYS) -> list[Any]:
    """The results of ``call()`` from ``ways`` threads that start together."""
    barrier = Barrier(ways)

    def one(_: int) -> Any:
        barrier.wait()
        try:
            return call()
        finally:
            connection.close()

    with turn(), ThreadPoolExecutor(ways) as pool:
        return list(pool.map(one, range(ways)))
