"""``make check``: everything that can be told without running the site. Prints what fails."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import tempfile
from base64 import urlsafe_b64encode
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
APPS = ["ostiary", "accounts", "oauth", "mfa", "passkeys", "idp_site"]
TEMPLATES = [*APPS, "templates", "examples"]


def checks(folder: str) -> list[list[str]]:
    """The commands. What they make goes into ``folder``."""
    return [
        ["ruff", "check", "--quiet", "."],
        ["ruff", "format", "--quiet", "--check", "."],
        ["mypy", *APPS, "examples/relying_party"],
        ["lint-imports", "--no-logo"],
        ["djlint", "--quiet", "--lint", *TEMPLATES],
        ["mkdocs", "build", "--quiet", "--strict", "--site-dir", f"{folder}/site"],
        ["python", "manage.py", "makemigrations", "--check", "--dry-run"],
        ["python", "manage.py", "collectstatic", "--no-input"],
        ["python", "manage.py", "privacy_map", "--check", "docs/reference/privacy-map.md"],
        ["python", "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
    ]


def production(var_dir: str) -> dict[str, str]:
    """An environment as a real site has it."""
    return {
        **{name: value for name, value in os.environ.items() if name not in ("DEMO", "DEBUG")},
        "DJANGO_SETTINGS_MODULE": "idp_site.settings",
        "ISSUER_URL": "https://id.example.com",
        "SECRET_KEY": secrets.token_urlsafe(48),
        "FIELD_ENCRYPTION_KEYS": urlsafe_b64encode(secrets.token_bytes(32)).decode(),
        "DATABASE_URL": "sqlite://:memory:",
        "CELERY_BROKER_URL": "amqp://rabbitmq:5672",
        "VAR_DIR": var_dir,
    }


def run(command: list[str], env: dict[str, str] | None) -> subprocess.CompletedProcess[str]:
    """Run one check; what it says is kept."""
    program = Path(sys.executable).parent / command[0]
    return subprocess.run(
        [program, *command[1:]],
        cwd=ROOT,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def main() -> int:
    """Run every check, all of them even if one fails. 0 when all are clean."""
    failed = 0
    with (
        tempfile.TemporaryDirectory(prefix="ostiary-check-") as var_dir,
        ThreadPoolExecutor(1) as types,  # which take as long as all the rest
        ThreadPoolExecutor(1) as rest,  # in their order: some need what others have made
    ):
        site = production(var_dir)
        running = []
        for command in checks(var_dir):
            lane = types if command[0] == "mypy" else rest
            env = site if "manage.py" in command else None
            running.append((command, lane.submit(run, command, env)))
        for command, done in running:
            result = done.result()
            failed += bool(result.returncode)
            print(f"{'failed' if result.returncode else 'clean '}  {' '.join(command)}", flush=True)
            if result.returncode:
                print(result.stdout, flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
