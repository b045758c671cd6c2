"""Codes as people type them: with spaces, dashes and the digits of their own script."""

from __future__ import annotations

import unicodedata

SEPARATORS = frozenset({"Zs", "Zl", "Zp", "Cc", "Cf", "Pd", "Pc"})


def normal(typed: str) -> str:
    """The code in its one spelling: ASCII digits and capitals, nothing between them.

    So whoever copies ``１２３ ４５６`` is let in, and no second spelling of a used code is another
    code (SECURITY H3).
    """
    kept = (
        character
        for character in unicodedata.normalize("NFKC", typed)
        if unicodedata.category(character) not in SEPARATORS
    )
    return "".join(_digit(character) for character in kept).upper()


def _digit(character: str) -> str:
    value = unicodedata.decimal(character, None)
    return character if value is None else str(value)
