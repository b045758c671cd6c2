"""What one password costs: the part of a sign-in that is meant to be slow."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys

from tests.bench.sides.side import Side
from tests.idp_site.site import ROOT

SCRIPT = """
import time
from django.contrib.auth.hashers import check_password, make_password
password = make_password("correct horse battery staple")
began = time.process_time()
for _ in range(5):
    check_password("correct horse battery staple", password)
print((time.process_time() - began) * 200)
"""


def cpu_ms(side: Side) -> float:
    """Milliseconds of a core to verify one by the side's first hasher, over all its threads, while
    every core does: they share the memory's speed, which is what Argon2id asks for."""
    running = [
        subprocess.Popen(
            [sys.executable, "-m", "django", "shell", "-v", "0", "-c", SCRIPT],
            cwd=ROOT,
            env=dict(side.environment),
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(os.cpu_count() or 1)
    ]
    told = [process.communicate()[0] for process in running]
    if any(process.returncode for process in running):
        raise SystemExit("A password could not be verified.")
    return round(statistics.mean(float(each.split()[-1]) for each in told), 1)
