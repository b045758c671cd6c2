"""The same request again and again by ``wrk``, where it is installed.

It costs the machine a fourth of what our own driver does, which matters where a server answers
thousands of requests a second. It counts every status from 400 on as a failure; that the answer is
the right one, our own driver has seen while it warmed the server up.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from tests.bench.request import Request

SCRIPT = """
wrk.method = {method}
wrk.body = {body}
{headers}
done = function(summary, latency, requests)
  local errors = summary.errors
  print(string.format(
    '{{"requests": %d, "elapsed": %f, "failures": %d, "p50_ms": %f, "p95_ms": %f, "p99_ms": %f}}',
    summary.requests, summary.duration / 1e6,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout,
    latency:percentile(50) / 1e3, latency:percentile(95) / 1e3, latency:percentile(99) / 1e3
  ))
end
"""


def is_here() -> bool:
    """Whether the tool is installed."""
    return shutil.which("wrk") is not None


def run(port: int, request: Request, connections: int, seconds: float) -> dict[str, Any]:
    """Send it for so long, rounded up to whole seconds."""
    headers = {"Host": f"localhost:{port}", **request.headers}
    script = SCRIPT.format(
        method=json.dumps(request.method),
        body=json.dumps(request.body) if request.body else "nil",
        headers="\n".join(
            f"wrk.headers[{json.dumps(name)}] = {json.dumps(value)}"
            for name, value in headers.items()
        ),
    )
    with tempfile.TemporaryDirectory(prefix="ostiary-bench-") as folder:
        file = Path(folder) / "request.lua"
        file.write_text(script)
        command = ["wrk", "--threads", "1", "--connections", str(connections)]
        command += ["--duration", f"{max(1, round(seconds + 0.49))}s", "--timeout", "30s"]
        command += ["--script", str(file), f"http://127.0.0.1:{port}{request.path}"]
        out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    found: dict[str, Any] = json.loads(out.splitlines()[-1])
    return {"driver": "wrk", "first_failure": out if found["failures"] else "", **found}
