"""What the Django projects that ours is set beside have in common: settings as ``startproject``
writes them, and how their servers are started."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from subprocess import Popen

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.bench import services
from tests.bench.serving import serving
from tests.idp_site.site import ROOT
from tests.machine import free_port

PASSWORD = "correct horse battery staple"


@dataclass(frozen=True)
class Served:
    """A server that runs, and how its clients prove themselves."""

    port: int
    process: Popen[bytes]
    database: str
    environment: dict[str, str]
    secret: str


@contextlib.contextmanager
def project(
    settings: str, name: str, script: str, ready: str, path: Path | None
) -> Iterator[Served]:
    """The server of a project, on a database with what ``script`` makes in the project's shell:
    ``SECRET`` and ``PASSWORD`` are in its environment. Packages in ``path`` come before ours."""
    with (
        tempfile.TemporaryDirectory(prefix="ostiary-bench-") as folder,
        services.database(name) as database,
    ):
        port, secret = free_port(), secrets.token_hex(32)
        env = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": settings,
            "VAR_DIR": folder,
            "DATABASE_URL": database,
            # The options of the database are those of our settings, which want to know these.
            "DEMO": "1",
            "ISSUER_URL": f"http://localhost:{port}",
            "SECRET": secret,
            "PASSWORD": PASSWORD,
            "RSA_KEY": json.dumps(_rsa_key()),
            **({"PYTHONPATH": str(path)} if path else {}),
        }
        for command in (["migrate", "--verbosity", "0"], ["shell", "-v", "0", "-c", script]):
            django = [sys.executable, "-m", "django", *command]
            subprocess.run(django, cwd=ROOT, env=env, check=True)
        application = ["--factory", "django.core.wsgi:get_wsgi_application"]
        with serving(port, env, ready, *application) as process:
            yield Served(port, process, database, env, secret)


def _rsa_key() -> str:
    key = rsa.generate_private_key(65537, 2048)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
