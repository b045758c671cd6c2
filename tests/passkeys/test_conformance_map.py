"""docs/webauthn-conformance.md names tests that there are for each step of the two ceremonies."""

import ast
import re
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]
PAGE = (TESTS.parent / "docs" / "webauthn-conformance.md").read_text()
TEST = r"`([\w/]+\.py)::(test_\w+)`"
NAMED = re.findall(TEST, PAGE)


@pytest.mark.parametrize(("section", "steps"), [("7.1", 29), ("7.2", 25)])
def test_each_step_is_listed_once_with_a_test(section, steps):
    table = PAGE.split(f"## §{section}")[1].split("\n## ")[0]
    rows = re.findall(r"^\| (\d+) \| (.+?) \| (.+) \|$", table, re.MULTILINE)

    assert [int(number) for number, _, _ in rows] == list(range(1, steps + 1))
    assert all(re.search(TEST, tests) for _, _, tests in rows)


@pytest.mark.parametrize("file", sorted({file for file, _ in NAMED}))
def test_every_test_that_is_named_exists(file):
    tree = ast.parse((TESTS / file).read_text())
    defined = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}

    assert {name for named_file, name in NAMED if named_file == file} <= defined
