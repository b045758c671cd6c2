"""``make bench``: how fast the hot endpoints are, beside other servers and the floor of our stack.

Then how fast people sign in by a passkey, are imported, get messages and are erased.

``BENCH`` chooses by commas what is measured (operations, sides, ``profile``, ``passkeys``,
``imports``, ``jobs``; alone, ``soak``: memory over a million requests); ``GROWTH=1``, a large
database beside a small one. ``BENCH_SECONDS`` a round, ``BENCH_ROUNDS``, ``BENCH_CONNECTIONS``
parallel keep-alive connections, ``BENCH_WORKERS`` processes and ``BENCH_THREADS`` in each are the
size of it. ``DATABASE_URL`` names the PostgreSQL server that the sides get databases of their own
on. The clients run on the same machine, so that figures compare those who were measured together,
not machines.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

from tests.bench import (
    comparison,
    goals,
    growth,
    imports,
    jobs,
    operations,
    passkey_signin,
    profile,
    soak,
)
from tests.idp_site.site import ROOT

RESULTS = ROOT / "var" / "bench"


def main() -> int:
    """Measure everything that is chosen. 1 if a sign-in failed, or importing took more memory for
    more people; a wrong answer of an operation ends the run at once."""
    if growth.is_wanted():
        keep("growth", growth.run())
        return 0
    if os.environ.get("BENCH") == soak.OPERATION:
        soaked = soak.run()
        keep("soak", [soaked])
        return int(not soaked["flat"])
    wanted = set(filter(None, os.environ.get("BENCH", "").split(",")))
    rows, failed = [], False
    if not wanted or wanted - {"passkeys", "imports", "jobs", profile.OPERATION}:
        for found in operations.run():
            rows += found
            keep("last", rows)
    if not wanted or profile.OPERATION in wanted:
        profiled = profile.run()
        profile.show(profiled)
        rows += profiled
    if rows:
        print()
        goals.show(rows)
        comparison.show(rows)
    if not wanted or "passkeys" in wanted:
        by_passkey = passkey_signin.run()
        passkey_signin.show(*by_passkey)
        failed = any(found["failures"] for found in by_passkey)
        rows += by_passkey
    if not wanted or "imports" in wanted:
        imported = imports.measure()
        imports.show(imported)
        failed = failed or not imported["flat"]
        rows.append(imported)
    if not wanted or "jobs" in wanted:
        done = jobs.measure()
        jobs.show(done)
        failed = failed or not all(row["flat"] for row in done)
        rows += done
    print(f"\nOne JSON line for each: {keep('last', rows)}")
    return int(failed)


def keep(name: str, rows: list[dict[str, Any]]) -> Path:
    """Write the rows down: where."""
    RESULTS.mkdir(parents=True, exist_ok=True)
    file = RESULTS / f"{name}.jsonl"
    file.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    return file


if __name__ == "__main__":
    # What was started is ended, and databases are dropped, however the run ends.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    sys.exit(main())
