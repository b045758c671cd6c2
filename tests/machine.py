"""What a test needs of the machine. Where it is missing, the test is skipped; in CI it fails."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from pathlib import Path
from typing import NoReturn
from urllib.parse import urlsplit

import pytest


def _missing(sentence: str) -> NoReturn:
    if os.environ.get("CI") == "true":
        pytest.fail(sentence)
    pytest.skip(sentence)


def program(*names: str) -> str:
    """The path of the first of these programs that is installed."""
    for name in names:
        if path := shutil.which(name):
            return path
    _missing(f"{names[0]} is not on this machine")


def service(name: str, url: str) -> str:
    """``url``, if something answers there."""
    parts = urlsplit(url)
    try:
        socket.create_connection((parts.hostname or "", parts.port or 0), timeout=2).close()
    except OSError:
        _missing(f"{name} does not answer at {parts.hostname}:{parts.port}")
    return url


def npm_packages(folder: Path) -> Path:
    """The packages that ``folder/package-lock.json`` locks, installed where they are not yet."""
    npm = program("npm")
    packages = folder / "node_modules"
    installed, wanted = packages / ".package-lock.json", folder / "package-lock.json"
    if not installed.exists() or installed.stat().st_mtime < wanted.stat().st_mtime:
        command = [npm, "ci", "--no-audit", "--no-fund"]
        subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return packages
