"""Starting the site as its own process, with an environment of the test's choosing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PRODUCTION = {
    "ISSUER_URL": "https://id.example.com",
    "SECRET_KEY": "Jm3vQz8XK2yVnYb3R0mTgW7dLcE5sHfJ1aQ9oB4iPzUq8XKTwL6rNs2hGp",
    "FIELD_ENCRYPTION_KEYS": "tQm0Y1Nf0xkJ8vYk9R3mU2cZ6aPq4wLh5sXe7dBgKrE=",
    "DATABASE_URL": "sqlite://:memory:",
    "CELERY_BROKER_URL": "amqp://127.0.0.1:1",
}


def environment(var_dir: Path, **chosen: str | None) -> dict[str, str]:
    """A clean environment for a process; ``None`` takes a name out."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    env = {**kept, "VAR_DIR": str(var_dir), "PYTHONPATH": os.environ.get("PYTHONPATH", "")}
    env.update({name: value for name, value in chosen.items() if value is not None})
    return env


def python(env: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Python in the repository."""
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env={"DJANGO_SETTINGS_MODULE": "idp_site.settings", **env},
        capture_output=True,
        text=True,
        timeout=120,
    )
