"""One round of load on a server: which driver sends it, and what the server spends meanwhile."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any

from tests.bench import wrk
from tests.bench.request import Request
from tests.idp_site.site import ROOT

MANY = 500
"""Requests a second from which what the driver costs matters."""


def by_own_driver(
    port: int, request: Request, connections: int, seconds: float, most: int = 0
) -> dict[str, Any]:
    """A round by `driver`, in a process of its own; of ``most`` requests, if that is given."""
    job = {
        "port": port,
        "request": request.told(),
        "connections": connections,
        "seconds": seconds,
        "most": most,
    }
    ran = subprocess.run(
        [sys.executable, "-m", "tests.bench.driver"],
        cwd=ROOT,
        input=json.dumps(job),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    found: dict[str, Any] = json.loads(ran.stdout)
    return found


Load = Callable[[int, Request, int, float], dict[str, Any]]


def driver_for(request: Request, warm_up: dict[str, Any]) -> Load:
    """``wrk`` where it is here and its cost matters, else our own."""
    fast = warm_up["requests"] > MANY * warm_up["elapsed"]
    return wrk.run if request.is_fixed and fast and wrk.is_here() else by_own_driver
