"""Starting what is measured: the same server for everybody, with as many workers."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from http.client import HTTPConnection
from pathlib import Path

from tests.bench.processes import tree
from tests.idp_site.site import ROOT

WORKERS = os.environ.get("BENCH_WORKERS", "2")
THREADS = os.environ.get("BENCH_THREADS", "4")


@contextlib.contextmanager
def serving(
    port: int, environment: Mapping[str, str], ready: str, *application: str
) -> Iterator[subprocess.Popen[bytes]]:
    """The WSGI application (as granian's options name it), from when ``ready`` answers 200."""
    granian = [str(Path(sys.executable).parent / "granian"), "--interface", "wsgi"]
    granian += ["--port", str(port), "--workers", WORKERS, "--blocking-threads", THREADS]
    granian += ["--log-level", "warning", *application]
    with running(port, environment, ready, granian) as process:
        yield process


@contextlib.contextmanager
def running(
    port: int, environment: Mapping[str, str], ready: str, command: list[str], quiet: bool = False
) -> Iterator[subprocess.Popen[bytes]]:
    """Any server, from when ``ready`` answers 200 until the end; ``quiet`` drops what it prints."""
    where = subprocess.DEVNULL if quiet else None
    process = subprocess.Popen(command, cwd=ROOT, env=dict(environment), stdout=where, stderr=where)
    try:
        _wait_until_ready(port, process, ready)
        yield process
    finally:
        stop(process)


def stop(process: subprocess.Popen[bytes]) -> None:
    """End a server and what it started, by force where it doesn't end by itself."""
    everything = tree(process.pid)
    process.terminate()
    try:
        process.wait(timeout=20)
    except subprocess.TimeoutExpired:
        for pid in everything:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        process.wait(timeout=20)


def _wait_until_ready(port: int, process: subprocess.Popen[bytes], path: str) -> None:
    """Raises ``SystemExit`` if the server ends or does not get ready in a minute."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        connection = HTTPConnection("127.0.0.1", port, timeout=10)
        try:
            connection.request("GET", path, headers={"Host": f"localhost:{port}"})
            if connection.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.02)
        finally:
            connection.close()
    raise SystemExit("The server did not get ready.")
