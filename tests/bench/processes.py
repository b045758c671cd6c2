"""What a server's processes spend and hold, as Linux counts it in ``/proc``."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


def tree(pid: int) -> list[int]:
    """The process and everything that it started and that lives, parents first.

    By everybody's parent: the kernel's own list of children may leave some out while others end.
    """
    started: dict[int, list[int]] = {}
    for each in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it has just ended
            fields = (each / "stat").read_text().rpartition(")")[2].split()
            started.setdefault(int(fields[1]), []).append(int(each.name))
    found = [pid]
    for parent in found:
        found += sorted(started.get(parent, ()))
    return found


def cpu_seconds(pids: Iterable[int]) -> float:
    """Seconds of a core that these processes have spent, in their own code and the kernel's.

    Children that ended count with whoever waited for them.
    """
    ticks = 0
    for pid in pids:
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        ticks += sum(int(each) for each in fields[11:15])
    return ticks / TICKS


def memory_mib(pid: int) -> float:
    """What the process holds in memory now (resident set), in MiB."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0


def workers(pid: int) -> list[int]:
    """Those that do the work, the oldest first: the largest of a tree, without whoever started
    them and without its helpers, if it started any."""
    started = tree(pid)[1:]
    largest = max((memory_mib(each) for each in started), default=0.0)
    return [each for each in started if memory_mib(each) > largest / 2] or [pid]


def largest_mib(pids: Iterable[int]) -> float:
    """Of the largest of these processes."""
    return round(max(memory_mib(pid) for pid in pids), 1)
