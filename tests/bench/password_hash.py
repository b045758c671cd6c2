"""What one password costs: the part of a sign-in that is meant to be slow."""

from __future__ import annotations

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
    """Milliseconds of a core to verify one by the side's first hasher, over all its threads."""
    ran = subprocess.run(
        [sys.executable, "-m", "django", "shell", "-v", "0", "-c", SCRIPT],
        cwd=ROOT,
        env=dict(side.environment),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return round(float(ran.stdout.split()[-1]), 1)
