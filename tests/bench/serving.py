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
END = 20
"""Seconds that a server may take to end."""


@contextlib.contextmanager
def serving(
    port: int, environment: Mapping[str, str], ready: str, *application: str
) -> Iterator[subprocess.Popen[bytes]]:
    """The WSGI application (as granian's options name it), from when ``ready`` answers 200."""
    granian = [sys.executable, "-m", "idp_site.serve", "--interface", "wsgi"]
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
    env = as_installed(environment)
    process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=where, stderr=where)
    try:
        _wait_until_ready(port, process, ready)
        yield process
    finally:
        stop(process)


def as_installed(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment without what forbids Python to keep the code that it has compiled: that of
    installed packages was, and ours would be compiled at each start."""
    return {k: value for k, value in environment.items() if k != "PYTHONDONTWRITEBYTECODE"}


def stop(process: subprocess.Popen[bytes]) -> None:
    """End a server and what it started: what does not end by itself in time, by force, and a line
    on standard error says so."""
    everything = tree(process.pid)
    process.terminate()
    if left := _left_after(END, everything):
        told = f"{len(left)} of {len(everything)} processes of {_program(process)}"
        print(f"{told} had to be killed: they did not end in {END} s.", file=sys.stderr, flush=True)
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        _left_after(END, left)
    process.wait(timeout=END)


def _left_after(seconds: float, pids: list[int]) -> list[int]:
    """Those that run when so many seconds are over; returns as soon as there are none."""
    deadline = time.monotonic() + seconds
    while (left := [pid for pid in pids if is_running(pid)]) and time.monotonic() < deadline:
        time.sleep(0.02)
    return left


def _program(process: subprocess.Popen[bytes]) -> str:
    first = process.args[0] if isinstance(process.args, list) else process.args
    return Path(str(first)).name


def is_running(pid: int) -> bool:
    """Whether it is there and no zombie, which has ended and is only to be waited for."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


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
