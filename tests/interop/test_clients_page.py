"""docs/reference/clients.md tells of the versions that are run, each client once and in order; how
they use PKCE is told of the same versions."""

from __future__ import annotations

import json
import re
import subprocess
from itertools import pairwise
from pathlib import Path

import pytest

from tests.machine import ROOT, missing, program

PAGE = (ROOT / "docs/reference/clients.md").read_text()
HOW_TO = (ROOT / "docs/how-to/register-an-application.md").read_text()
ROW = re.compile(r"^\| (`.+?) \| (\S.*?) \| .+ \| .+ \| .+ \|$", re.MULTILINE)
SECTIONS = {
    title: ROW.findall(text)
    for title, text in re.findall(r"^## (\w+)\n(.*?)(?=^## |\Z)", PAGE, re.DOTALL | re.MULTILINE)
}


def clients(rows: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Each client of these rows with its version."""
    return [
        pair
        for names, versions in rows
        for pair in zip(re.findall(r"`([^`]+)`", names), versions.split(", "), strict=True)
    ]


def locked(lock: Path) -> set[tuple[str, str]]:
    """The packages of a lock of pip, in the spelling of PyPI's addresses."""
    return set(re.findall(r"^([a-z0-9.-]+)==([^\s;]+)", lock.read_text(), re.MULTILINE))


@pytest.mark.parametrize("title", SECTIONS)
def test_rows_are_read_as_they_are_written_and_in_order(title):
    names = [names.replace("`", "").lower() for names, _ in SECTIONS[title]]

    assert all(before < after for before, after in pairwise(names))
    [section] = re.findall(rf"^## {title}\n(.*?)(?=^## |\Z)", PAGE, re.DOTALL | re.MULTILINE)
    assert len(names) == section.count("\n|") - 2


def test_versions_of_python_are_those_that_run():
    locks = ROOT / "requirements"
    run = locked(locks / "interop.txt") | locked(locks / "dev.txt")

    assert {(name.lower(), version) for name, version in clients(SECTIONS["Python"])} <= run


def test_versions_of_javascript_are_those_that_run():
    wanted = json.loads((ROOT / "tests/interop/package.json").read_text())["dependencies"]
    run = {(name, version) for name, version in wanted.items() if not version.startswith("npm:")}
    run |= {
        tuple(version.removeprefix("npm:").rsplit("@", 1))
        for version in wanted.values()
        if version.startswith("npm:")
    }

    assert set(clients(SECTIONS["JavaScript"])) <= run


def test_versions_of_debian_are_those_that_run():
    for name, version in clients(SECTIONS["Debian"]):
        query = [program("dpkg-query"), "-W", "-f", "${source:Upstream-Version}", name]
        installed = subprocess.run(query, capture_output=True, text=True)
        if installed.returncode:
            missing(f"{name} is not installed")
        assert installed.stdout == version


def test_how_they_use_pkce_is_told_of_these_versions():
    [table] = re.findall(r"^## Your library and PKCE\n(.*?)^#", HOW_TO, re.DOTALL | re.MULTILINE)
    told = re.findall(r"^\| (\S.*?) \| ([0-9.]+) \| .+ \|$", table, re.MULTILINE)
    run = [(name.lower(), version) for name, version in clients(ROW.findall(PAGE))]

    assert len(told) >= 20
    for library, version in told:
        assert any(name in library.lower() and version == of for name, of in run), library
