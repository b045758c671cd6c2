"""Reasons that are kept in plain and shown: without what is personal or secret."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

PERSONAL = re.compile(r"[^\s<>'\"]+@[^\s<>'\"]+|[a-z]+://\S+|\+?\d{6,}")
"""Addresses, links, and numbers of telephones or codes."""


def plain(text: str, most: int = 200) -> str:
    """What somebody typed, in one line of at most ``most`` characters, without what looks
    personal."""
    return PERSONAL.sub("…", " ".join(text.split()))[:most]


def described(error: Exception, payload: dict[str, Any]) -> str:
    """The error's type and text, without what stands in the payload or looks personal."""
    text = str(error)[:2000]
    for part in sorted(_texts(payload), key=len, reverse=True):
        text = text.replace(part, "…")
    return f"{type(error).__name__}: {PERSONAL.sub('…', text)}"[:200]


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif len(str(value)) > 3:
        yield str(value)
