"""Fetching what ours is set beside, each into a folder of its own under ``var/bench``."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import django

from tests.idp_site.site import ROOT

FOLDER = ROOT / "var" / "bench"
SECONDS = 180


def _runs(command: list[str], folder: Path) -> bool:
    try:
        ran = subprocess.run(command, cwd=folder, capture_output=True, timeout=SECONDS)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return not ran.returncode


def python_package(name: str, requirement: str = "") -> str:
    """Install its latest release with our version of Django: why not, or nothing."""
    folder = FOLDER / name
    folder.mkdir(parents=True, exist_ok=True)
    uv = [str(Path(sys.executable).parent / "uv"), "pip", "install", "--quiet", "--upgrade"]
    uv += ["--python", sys.executable, "--target", str(folder)]
    wanted = [requirement or name, f"django=={django.__version__}"]
    return "" if _runs([*uv, *wanted], folder) else "it could not be installed"


def python_version(name: str) -> str:
    """Of the release that is installed."""
    prefix = name.replace("-", "_")
    found = next((FOLDER / name).glob(f"{prefix}-*.dist-info"))
    return found.name.removeprefix(f"{prefix}-").removesuffix(".dist-info")


def node_project(name: str, source: Path) -> str:
    """Copy the files of ``source`` and install what its ``package.json`` names: why not, or
    nothing."""
    folder = FOLDER / name
    npm = shutil.which("npm")
    if npm is None:
        return "npm is not installed"
    folder.mkdir(parents=True, exist_ok=True)
    for file in [*source.glob("*.mjs"), source / "package.json"]:
        shutil.copy(file, folder)
    command = [npm, "install", "--no-audit", "--no-fund", "--omit=dev"]
    return "" if _runs(command, folder) else "it could not be installed"
