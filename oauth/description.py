"""What an ``error_description`` may hold (RFC 6749 §5.2): ASCII but ``"``, ``\\`` and controls."""

from __future__ import annotations

from collections.abc import Iterable

LONGEST = 200
"""Of what a request has sent so many characters are told back at most."""
_SPELLED = str.maketrans({'"': "'", "\\": "/", "“": "'", "”": "'", "‘": "'", "’": "'", "–": "-"})


def plain(text: str, longest: int = LONGEST) -> str:
    """``text`` as it may stand there, cut where it is longer; what can't is a question mark."""
    spelled = "".join(char if " " <= char <= "~" else "?" for char in text.translate(_SPELLED))
    return spelled if len(spelled) <= longest else f"{spelled[: longest - 3]}..."


def listed(values: Iterable[str]) -> str:
    """Values as a description names them, separated by spaces."""
    return plain(" ".join(values))
