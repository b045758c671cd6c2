"""Signing in by a passkey, beside django-otp-webauthn, which is fetched for it: two requests and a
signature of the authenticator each time, always in a browser not seen before."""

from __future__ import annotations

import contextlib
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from typing import Any

from tests.bench import passkeys, peer
from tests.bench.serving import WORKERS, serving
from tests.idp_site.site import ROOT
from tests.machine import free_port

SECONDS = float(os.environ.get("BENCH_SECONDS", "5"))
CONNECTIONS = int(os.environ.get("BENCH_CONNECTIONS", "8"))
ROUNDS = 5


@contextlib.contextmanager
def server() -> Iterator[passkeys.Site]:
    """A server with demo data and a passkey. Stopped at the end."""
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
        manage = [sys.executable, "manage.py", "seed_demo", "--migrate"]
        subprocess.run(manage, cwd=ROOT, env=env, check=True, stdout=subprocess.DEVNULL)
        with serving(port, env, "/readyz", "idp_site.wsgi:application"):
            yield passkeys.Site(port, env, passkeys.add_passkey(port, env))


Once = Callable[[HTTPConnection], tuple[float, bool]]
"""Does it once on a connection: how many milliseconds it took, and whether it worked."""


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


def run() -> list[dict[str, Any]]:
    """Ours, and beside it that of the peer, where it can be had."""
    with contextlib.ExitStack() as stack:
        sites = {passkeys.NAME: stack.enter_context(server())}
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


def show(own: dict[str, Any], other: dict[str, Any] | None = None) -> None:
    """For people: how fast, what a sign-in by a passkey costs in SQL, and how it stands to the
    peer."""
    for each in (own, other) if other else (own,):
        print(
            f"\n{each['operation']}: {each['requests_per_second']} a second, p50 {each['p50_ms']}, "
            f"p95 {each['p95_ms']}, p99 {each['p99_ms']} ms, {each['failures']} failed"
        )
    options, answer = own["statements"]
    print(f"{own['operation']}: {options} SQL statements for the options, {answer} for the answer")
    if other:
        options, answer = other["statements"]
        print(
            f"{other['operation']} {other['version']}: {options} and {answer}; "
            f"ours signs in {own['times_the_peer']} times as many a second"
        )
