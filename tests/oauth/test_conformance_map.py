"""docs/conformance.md names tests that there are, and says of every module what becomes of it."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]
PAGE = (TESTS.parent / "docs" / "conformance.md").read_text()
NAMED = sorted(set(re.findall(r"`([\w/]+\.py)::(\w+)`", PAGE)))
ROWS = re.findall(r"^\| (`.+?) \| (.+) \|$", PAGE, re.MULTILINE)


def test_the_page_is_read_as_it_is_written():
    assert len(ROWS) > 130
    assert len(NAMED) > 70
    assert PAGE.count("::") == len(re.findall(r"`[\w/]+\.py::\w+`", PAGE))


@pytest.mark.parametrize("file", sorted({file for file, _ in NAMED}))
def test_every_test_that_is_named_exists(file):
    tree = ast.parse((TESTS / file).read_text())
    defined = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}

    assert {name for named_file, name in NAMED if named_file == file} <= defined


@pytest.mark.parametrize(("module", "here"), ROWS)
def test_every_module_has_a_test_or_a_reason(module, here):
    assert re.search(r"`[\w/]+\.py::test_\w+`", here) or re.fullmatch(r"Not: .{10,}\.", here)


def test_no_module_of_a_plan_is_listed_twice():
    for plan in PAGE.split("\n## "):
        modules = [module for module, _ in re.findall(r"^\| (`.+?) \| (.+) \|$", plan, re.M)]
        assert len(modules) == len(set(modules))
