"""One of those that are measured beside each other."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from subprocess import Popen

from tests.bench import services
from tests.bench.processes import cpu_seconds, largest_mib, tree
from tests.bench.request import Request

CONNECTIONS = int(os.environ.get("BENCH_CONNECTIONS", "8"))


@dataclass(frozen=True, eq=False)
class Side:
    """A running server: where it listens, and what it runs on.

    ``environment`` names the project's settings for processes beside the server; none for what
    isn't Django. ``database`` is a URL, ``""`` where there is none on a server.
    """

    name: str
    version: str
    port: int
    process: Popen[bytes]
    database: str
    environment: Mapping[str, str]

    def request(self, operation: str) -> Request | None:
        """What is sent for an operation, made ready now; none for what the side doesn't have."""
        raise NotImplementedError

    def connections(self, operation: str) -> int:
        """How many are used at once."""
        return CONNECTIONS

    @property
    def pids(self) -> list[int]:
        """The server's processes."""
        return tree(self.process.pid)

    @property
    def command(self) -> list[str]:
        """How the server was started."""
        args = self.process.args
        return [str(part) for part in args] if isinstance(args, list) else []

    def spent(self) -> tuple[float, dict[int, float]]:
        """Seconds of a core until now: of the server, and of each of the database's processes that
        are there for it."""
        backends = services.backends(self.database)
        return cpu_seconds(self.pids), {pid: cpu_seconds([pid]) for pid in backends}

    def memory_mib(self) -> float:
        """What its largest process holds."""
        return largest_mib(self.pids)
