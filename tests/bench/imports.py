"""How fast people are imported, and in how much memory: ``python -m tests.bench.imports``.

A realm of ``BENCH_PEOPLE`` people is written as Keycloak exports it, each with a hash of their own
(of no password: none is ever computed), and imported by the command into an empty database. Before
that, a tenth as many: memory that is flat is the same for both.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from base64 import b64encode
from pathlib import Path
from typing import Any

from tests.accounts.exports import credential, keycloak_user
from tests.idp_site.site import ROOT

PEOPLE = int(os.environ.get("BENCH_PEOPLE", "100000"))
FLAT_MIB = 16
"""Peaks that differ by less are the same memory."""


def write_realm(path: Path, name: str, people: int) -> None:
    """The export of a realm, the same in every run."""
    with path.open("w", encoding="utf-8") as file:
        file.write(json.dumps({"realm": name})[:-1] + ', "users": [')
        for number in range(people):
            file.write(("," if number else "") + json.dumps(user(name, number)))
        file.write('], "clients": []}')


def user(realm: str, number: int) -> dict[str, Any]:
    """One of them, with names, attributes and a group."""
    seed = hashlib.sha512(f"{realm} {number}".encode()).digest()
    salt, value = (b64encode(part).decode() for part in (seed[:16], seed))
    return keycloak_user(
        f"{realm}-{number}",
        id=f"{seed.hex()[:8]}-0000-4000-8000-{number:012d}",
        firstName=f"First {number}",
        lastName=f"Last {number}",
        attributes={"locale": ["de"], "zoneinfo": ["Europe/Berlin"]},
        groups=[f"/department-{number % 20}"],
        credentials=[credential("pbkdf2-sha512", 210000, salt, value)],
    )


def run(arguments: list[str], env: dict[str, str]) -> tuple[float, float, float]:
    """Run ``manage.py``: seconds, of them of a core, and MiB at its peak.

    Raises ``SystemExit`` if it fails.
    """
    started = time.perf_counter()
    process = subprocess.Popen([sys.executable, "manage.py", *arguments], cwd=ROOT, env=env)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"manage.py {arguments[0]} ended with {process.returncode}.")
    core = used.ru_utime + used.ru_stime
    return time.perf_counter() - started, core, used.ru_maxrss / 1024


def measure() -> dict[str, Any]:
    """Import a tenth, then all."""
    with tempfile.TemporaryDirectory(prefix="ostiary-bench-") as folder:
        env = {**os.environ, "VAR_DIR": folder, "DEMO": "1", "LOG_LEVEL": "WARNING"}
        env["ISSUER_URL"] = "http://localhost:8000"
        run(["migrate", "--verbosity", "0"], env)
        options = ["--format", "keycloak", "--groups"]
        peaks = []
        for name, people in (("tenth", PEOPLE // 10), ("all", PEOPLE)):
            realm = Path(folder) / f"{name}.json"
            write_realm(realm, name, people)
            command = ["import_users", str(realm), "--source", name, *options]
            seconds, core, peak = run(command, env)
            peaks.append(peak)
        size = realm.stat().st_size / 1024**2
    return {
        "operation": "import_users",
        "people": PEOPLE,
        "people_per_second": round(PEOPLE / seconds, 1),
        "seconds": round(seconds, 1),
        "core_seconds": round(core, 1),
        "file_mib": round(size, 1),
        "peak_mib": round(peaks[1], 1),
        "peak_mib_of_a_tenth": round(peaks[0], 1),
        "flat": peaks[1] - peaks[0] < FLAT_MIB,
        "database": os.environ.get("DATABASE_URL", "sqlite").partition(":")[0],
    }


def show(row: dict[str, Any]) -> None:
    """A line for people."""
    print(
        f"\n{row['operation']}: {row['people']:,} people in {row['seconds']} s, "
        f"of them {row['core_seconds']} of a core: "
        f"{row['people_per_second']:,} a second, at most {row['peak_mib']} MiB "
        f"(a tenth of them: {row['peak_mib_of_a_tenth']} MiB)"
    )


if __name__ == "__main__":
    result = measure()
    show(result)
    print(json.dumps(result))
    sys.exit(0 if result["flat"] else 1)
