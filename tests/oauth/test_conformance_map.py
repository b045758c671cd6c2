"""docs/conformance.md and docs/reference/security-claims.md name tests that there are, and say of
every module and claim what becomes of it."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]
DOCS = TESTS.parent / "docs"
CONFORMANCE = (DOCS / "conformance.md").read_text()
CLAIMS = (DOCS / "reference" / "security-claims.md").read_text()
TEST = r"`([\w/]+\.py)::(test_\w+)`"
NAMED = sorted({*re.findall(TEST, CONFORMANCE), *re.findall(TEST, CLAIMS)})
MODULES = re.findall(r"^\| (`.+?) \| (.+) \|$", CONFORMANCE, re.MULTILINE)
CLAIMED = re.findall(r"^\| ([A-H]\d+) \| (.+?) \| (.+) \|$", CLAIMS, re.MULTILINE)


def test_the_pages_are_read_as_they_are_written():
    assert len(MODULES) > 130
    assert len(CLAIMED) > 55
    for page in (CONFORMANCE, CLAIMS):
        assert page.count("::") == len(re.findall(TEST, page)) > 70


@pytest.mark.parametrize("file", sorted({file for file, _ in NAMED}))
def test_every_test_that_is_named_exists(file):
    tree = ast.parse((TESTS / file).read_text())
    defined = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}

    assert {name for named_file, name in NAMED if named_file == file} <= defined


@pytest.mark.parametrize(("module", "here"), MODULES)
def test_every_module_has_a_test_or_a_reason(module, here):
    assert re.search(TEST, here) or re.fullmatch(r"Not: .{10,}\.", here)


def test_no_module_of_a_plan_is_listed_twice():
    for plan in CONFORMANCE.split("\n## "):
        modules = [module for module, _ in re.findall(r"^\| (`.+?) \| (.+) \|$", plan, re.M)]
        assert len(modules) == len(set(modules))


def test_every_claim_has_a_test():
    assert all(re.search(TEST, tests) for _, _, tests in CLAIMED)
    wanted = {
        *(f"A{number}" for number in range(1, 11)),
        *(f"B{number}" for number in range(1, 14)),
        *(f"C{number}" for number in range(1, 12)),
        *(f"G{number}" for number in range(1, 6)),
        *(f"H{number}" for number in range(1, 21)),
    }
    assert wanted <= {number for number, _, _ in CLAIMED}
