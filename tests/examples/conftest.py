"""An issuer of the tests' own, and the examples as processes beside it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.machine import free_port

from .issuer import Issuer, running

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    """An OpenID provider with one ES256 key, ``one``."""
    with running() as provider:
        yield provider


@pytest.fixture
def run_example(tmp_path: Path) -> Iterator[Callable[..., str]]:
    """Start ``python -m examples.<name>`` on a free port; gives its address."""
    started: list[subprocess.Popen[bytes]] = []

    def run(name: str, port_variable: str, **environment: str) -> str:
        port = free_port()
        log = (tmp_path / f"{name}.log").open("wb")
        process = subprocess.Popen(
            [sys.executable, "-m", f"examples.{name}"],
            cwd=ROOT,
            env={**os.environ, **environment, port_variable: str(port)},
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        log.close()
        started.append(process)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and process.poll() is None:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    return f"http://127.0.0.1:{port}"
            time.sleep(0.1)
        raise AssertionError((tmp_path / f"{name}.log").read_text())

    yield run
    for process in started:
        process.terminate()
        process.wait(timeout=20)
