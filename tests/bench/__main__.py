"""``make bench``: how fast the hot endpoints are, and how fast people are imported.

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
from pathlib import Path
from urllib.parse import urlencode

from tests.bench import imports, passkeys
from tests.idp_site.site import ROOT
from tests.machine import free_port
from tests.passkeys.authenticator import Authenticator

SECONDS = float(os.environ.get("BENCH_SECONDS", "5"))
CONNECTIONS = int(os.environ.get("BENCH_CONNECTIONS", "8"))
WORKERS = os.environ.get("BENCH_WORKERS", "2")


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
def server() -> Iterator[tuple[int, dict[str, list[dict[str, str]]], Authenticator]]:
    """A server with demo data: its port, its credentials and a passkey. Stopped at the end."""
    with tempfile.TemporaryDirectory(prefix="ostiary-bench-") as folder:
        port = free_port()
        env = {
            **os.environ,
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
        granian = [str(Path(sys.executable).parent / "granian"), "--interface", "wsgi"]
        granian += ["--port", str(port), "--workers", WORKERS, "--blocking-threads", "4"]
        granian += ["--log-level", "warning", "idp_site.wsgi:application"]
        process = subprocess.Popen(granian, cwd=ROOT, env=env)
        try:
            wait_until_ready(port, process)
            yield port, json.loads(told), passkeys.add_passkey(port, env)
        finally:
            process.terminate()
            process.wait(timeout=20)


def wait_until_ready(port: int, process: subprocess.Popen[bytes]) -> None:
    """Raises ``SystemExit`` if the server ends or does not get ready in a minute."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        connection = HTTPConnection("127.0.0.1", port, timeout=10)
        try:
            connection.request("GET", "/readyz", headers={"Host": "localhost"})
            if connection.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.2)
        finally:
            connection.close()
    raise SystemExit("The server did not get ready.")


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


def measure(port: int, name: str, do: Once) -> dict[str, object]:
    """Warm up, then measure."""
    load(port, do, min(1.0, SECONDS / 2))
    started = time.perf_counter()
    latencies, failures = load(port, do, SECONDS)
    elapsed = time.perf_counter() - started
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


def main() -> int:
    """Measure everything.

    1 if any request was answered with another status than it must, or importing took more memory
    for more people.
    """
    with server() as (port, credentials, passkey):

        def sign_in(connection: HTTPConnection) -> tuple[float, bool]:
            took, status = passkeys.sign_in(connection, port, passkey)
            return took, status == 200

        results = [
            *(measure(port, each.name, once(port, each)) for each in operations(credentials)),
            measure(port, passkeys.NAME, sign_in),
        ]
    heads = f"{'requests/s':>12}{'p50 ms':>10}{'p95 ms':>10}{'p99 ms':>10}{'failed':>8}"
    print(f"\n{'operation':<22}{heads}")
    for row in results:
        print(
            f"{row['operation']:<22}{row['requests_per_second']:>12}{row['p50_ms']:>10}"
            f"{row['p95_ms']:>10}{row['p99_ms']:>10}{row['failures']:>8}"
        )
    imported = imports.measure()
    imports.show(imported)
    print()
    for row in [*results, imported]:
        print(json.dumps(row))
    return 1 if any(row["failures"] for row in results) or not imported["flat"] else 0


if __name__ == "__main__":
    sys.exit(main())
