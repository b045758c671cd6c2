"""What a test needs of the machine. Where it is missing, the test is skipped; in CI it fails."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest


def program(*names: str) -> str:
    """The path of the first of these programs that is installed."""
    for name in names:
        if path := shutil.which(name):
            return path
    sentence = f"{names[0]} is not on this machine"
    if os.environ.get("CI") == "true":
        pytest.fail(sentence)
    pytest.skip(sentence)


def npm_packages(folder: Path) -> Path:
    """The packages that ``folder/package-lock.json`` locks, installed where they are not yet."""
    npm = program("npm")
    packages = folder / "node_modules"
    installed, wanted = packages / ".package-lock.json", folder / "package-lock.json"
    if not installed.exists() or installed.stat().st_mtime < wanted.stat().st_mtime:
        command = [npm, "ci", "--no-audit", "--no-fund"]
        subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return packages
