"""``make bench``: how fast the hot endpoints are, and how fast people are imported.

Signing in by a passkey is set beside django-otp-webauthn, which is fetched for it.

Prints a table, then one JSON line an operation.

Starts a server of its own, set up as in production but for the demo data, in a folder of its own
(``DATABASE_URL`` measures another database; its contents must be disposable). ``BENCH_SECONDS``
per operation, ``BENCH_CONNECTIONS`` parallel keep-alive connections, ``BENCH_WORKERS`` processes.
The clients run on the same machine, so figures compare versions with each other, not machines.
"""

from __future__ import annotations

import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlencode

from tests.bench import imports, passkeys, peer
from tests.bench.serving import WORKERS, serving
from tests.idp_site.site import ROOT
from tests.machine import free_port

SECONDS = float(os.environ.get("BENCH_SECONDS", "5"))
CONNECTIONS = int(os.environ.get("BENCH_CONNECTIONS", "8"))
ROUNDS = 5


@dataclass(frozen=True)
class Operation:
    """A request that is sent again and again, and the status that it must have."""

    name: str
    method: str
    path: str
    body: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    status: int = 200


def operations(credentials: dict[str, list[dict[str, str]]]) -> list[Operation]:
    """What is measured."""
    service = next(c for c in credentials["clients"] if c["client_id"] == "demo-service")
    basic = b64encode(f"{service['client_id']}:{service['client_secret']}".encode()).decode()
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    return [
        Operation("jwks", "GET", "/.well-known/jwks.json"),
        Operation("discovery", "GET", "/.well-known/openid-configuration"),
        Operation("signin_page", "GET", "/signin/"),
        Operation(
            "client_credentials",
            "POST",
            "/oauth/token",
            urlencode({"grant_type": "client_credentials"}),
            {**form, "Authorization": f"Basic {basic}"},
        ),
    ]


@contextlib.contextmanager
def server() -> Iterator[tuple[passkeys.Site, dict[str, list[dict[str, str]]]]]:
    """A server with demo data, with a passkey, and its credentials. Stopped at the end."""
    with tempfile.TemporaryDirectory(prefix="ostiary-bench-") as folder:
        port = free_port()
        env = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "idp_site.settings",
            "VAR_DIR": folder,
            "DEMO": "1",
            "ISSUER_URL": f"http://localhost:{port}",
            "LOG_LEVEL": "WARNING",
        }
        manage = [sys.executable, "manage.py"]
        subprocess.run([*manage, "seed_demo", "--migrate"], cwd=ROOT, env=env, check=True)
        told = subprocess.run(
            [*manage, "demo_credentials", "--json"],
            cwd=ROOT,
            env=env,
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        with serving(port, env, "/readyz", "idp_site.wsgi:application"):
            site = passkeys.Site(port, env, passkeys.add_passkey(port, env))
            yield site, json.loads(told)


Once = Callable[[HTTPConnection], tuple[float, bool]]
"""Does it once on a connection: how many milliseconds it took, and whether it worked."""


def once(port: int, operation: Operation) -> Once:
    """Sends the request."""

    def send(connection: HTTPConnection) -> tuple[float, bool]:
        started = time.perf_counter()
        connection.request(
            operation.method,
            operation.path,
            operation.body or None,
            {"Host": f"localhost:{port}", **operation.headers},
        )
        response = connection.getresponse()
        response.read()
        took = (time.perf_counter() - started) * 1000
        return took, response.status == operation.status

    return send


def load(port: int, do: Once, seconds: float) -> tuple[list[float], int]:
    """Do it on every connection for so long: latencies in milliseconds, and failures."""
    latencies: list[float] = []
    failures: list[float] = []
    end = time.perf_counter() + seconds

    def one_connection() -> None:
        connection = HTTPConnection("127.0.0.1", port, timeout=30)
        while time.perf_counter() < end:
            took, worked = do(connection)
            latencies.append(took)
            if not worked:
                failures.append(took)
        connection.close()

    threads = [threading.Thread(target=one_connection) for _ in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return latencies, len(failures)


def measure(*sides: tuple[str, int, Once]) -> list[dict[str, Any]]:
    """Warm up, then measure what has a name, a port and a way to do it.

    Several take turns, in rounds, so that what else the machine does is of all of them.
    """
    rounds = ROUNDS if len(sides) > 1 else 1
    latencies: dict[str, list[float]] = {name: [] for name, _, _ in sides}
    failures = dict.fromkeys(latencies, 0)
    elapsed = dict.fromkeys(latencies, 0.0)
    for _, port, do in sides:
        load(port, do, min(1.0, SECONDS / 2))
    for number in range(rounds):
        for name, port, do in sides[:: -1 if number % 2 else 1]:
            started = time.perf_counter()
            found, failed = load(port, do, SECONDS / rounds)
            elapsed[name] += time.perf_counter() - started
            latencies[name] += found
            failures[name] += failed
    return [row(name, latencies[name], failures[name], elapsed[name]) for name in latencies]


def row(name: str, latencies: list[float], failures: int, elapsed: float) -> dict[str, Any]:
    """What is told of an operation; ``elapsed`` in seconds."""
    cuts = statistics.quantiles(latencies, n=100)
    return {
        "operation": name,
        "requests_per_second": round(len(latencies) / elapsed, 1),
        "p50_ms": round(cuts[49], 2),
        "p95_ms": round(cuts[94], 2),
        "p99_ms": round(cuts[98], 2),
        "requests": len(latencies),
        "failures": failures,
        "connections": CONNECTIONS,
        "workers": int(WORKERS),
        "database": os.environ.get("DATABASE_URL", "sqlite").partition(":")[0],
    }


def measure_passkeys(ours: passkeys.Site) -> list[dict[str, Any]]:
    """Signing in by a passkey, and beside it that of the peer, where it can be had."""
    with contextlib.ExitStack() as stack:
        sites = {passkeys.NAME: ours}
        if reason := peer.why_not():
            print(f"{peer.PACKAGE} is left out: {reason}.")
        else:
            sites[peer.PACKAGE] = stack.enter_context(peer.server())
        statements = {name: site.statements() for name, site in sites.items()}
        rows = measure(*((name, site.port, site.sign_in) for name, site in sites.items()))
    for each in rows:
        each["statements"] = statements[each["operation"]]
    if len(rows) > 1:
        own, other = rows
        other["version"] = peer.version()
        own["times_the_peer"] = round(own["requests_per_second"] / other["requests_per_second"], 2)
    return rows


def show_statements(own: dict[str, Any], other: dict[str, Any] | None = None) -> None:
    """For people: what a sign-in by a passkey costs in SQL, and how it stands to the peer."""
    options, answer = own["statements"]
    print(
        f"\n{own['operation']}: {options} SQL statements for the options, {answer} for the answer"
    )
    if other:
        options, answer = other["statements"]
        print(
            f"{other['operation']} {other['version']}: {options} and {answer}; "
            f"ours signs in {own['times_the_peer']} times as many a second"
        )


def main() -> int:
    """Measure everything.

    1 if any request was answered with another status than it must, or importing took more memory
    for more people.
    """
    with server() as (site, credentials):
        results = []
        for each in operations(credentials):
            results += measure((each.name, site.port, once(site.port, each)))
        by_passkey = measure_passkeys(site)
        results += by_passkey
    heads = f"{'requests/s':>12}{'p50 ms':>10}{'p95 ms':>10}{'p99 ms':>10}{'failed':>8}"
    print(f"\n{'operation':<22}{heads}")
    for each_row in results:
        print(
            f"{each_row['operation']:<22}{each_row['requests_per_second']:>12}"
            f"{each_row['p50_ms']:>10}{each_row['p95_ms']:>10}{each_row['p99_ms']:>10}"
            f"{each_row['failures']:>8}"
        )
    show_statements(*by_passkey)
    imported = imports.measure()
    imports.show(imported)
    print()
    for each_row in [*results, imported]:
        print(json.dumps(each_row))
    return 1 if any(found["failures"] for found in results) or not imported["flat"] else 0


if __name__ == "__main__":
    sys.exit(main())
