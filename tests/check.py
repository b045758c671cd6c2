"""``make check``: everything that can be told without running the site. Prints what fails."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import tempfile
from base64 import urlsafe_b64encode
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
APPS = ["ostiary", "accounts", "oauth", "idp_site"]
TEMPLATES = [*APPS, "templates", "examples"]

CHECKS = [
    ["ruff", "check", "--quiet", "."],
    ["ruff", "format", "--quiet", "--check", "."],
    ["mypy", *APPS],
    ["lint-imports", "--no-logo"],
    ["djlint", "--quiet", "--lint", *TEMPLATES],
    ["python", "manage.py", "makemigrations", "--check", "--dry-run"],
    ["python", "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
]


def production() -> dict[str, str]:
    """An environment as a real site has it."""
    return {
        **{name: value for name, value in os.environ.items() if name not in ("DEMO", "DEBUG")},
        "DJANGO_SETTINGS_MODULE": "idp_site.settings",
        "ISSUER_URL": "https://id.example.com",
        "SECRET_KEY": secrets.token_urlsafe(48),
        "FIELD_ENCRYPTION_KEYS": urlsafe_b64encode(secrets.token_bytes(32)).decode(),
        "DATABASE_URL": "sqlite://:memory:",
        "CELERY_BROKER_URL": "amqp://rabbitmq:5672",
        "VAR_DIR": tempfile.mkdtemp(prefix="ostiary-check-"),
    }


def main() -> int:
    """Run every check, all of them even if one fails. 0 when all are clean."""
    failed = []
    tools = Path(sys.executable).parent
    for command in CHECKS:
        name = " ".join(command[:4])
        env = production() if "manage.py" in command else dict(os.environ)
        result = subprocess.run(
            [str(tools / command[0]), *command[1:]],
            cwd=ROOT,
            env=env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        print(f"{'failed' if result.returncode else 'clean '}  {name}", flush=True)
        if result.returncode:
            failed.append(name)
            print(result.stdout, flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
