"""Values in text of the other direction (UAX #9): an address, a number or a name keeps the order of
its characters, whatever stands beside it.

In HTML an element does that (the filters of ``ostiary_values``), in text the characters below.
Where the active language and the value are both written from left to right nothing has to.
"""

from __future__ import annotations

import re
import unicodedata

from django.utils import translation
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe

LRI, FSI, PDI = "\u2066", "\u2068", "\u2069"
"""Begin what is written from left to right, or as its first letter is; and end either."""

_MARKS = re.compile("[\u061c\u200e\u200f\u202a-\u202e]")
_ISOLATES = re.compile("[\u2066-\u2069]")
_INNERMOST = re.compile(f"([{LRI}{FSI}])([^\u2066-\u2069]*){PDI}")
_NEUTRAL = frozenset({"L", "EN", "ES", "ET", "CS", "NSM", "BN", "B", "S", "WS", "ON", ""})
"""Classes of characters that turn nothing around in a text from left to right."""
_DIRECTIONS = {LRI: "ltr", FSI: "auto"}


def is_needed(value: object) -> bool:
    """Whether ``value`` may be seen in another order in a text of the active language."""
    return translation.get_language_bidi() or any(
        unicodedata.bidirectional(character) not in _NEUTRAL for character in str(value)
    )


def ltr(value: object) -> str:
    """An address or a number for a sentence in the active language."""
    return _isolated(LRI, value)


def isolated(value: object) -> str:
    """The same of a name, which may be written in either direction."""
    return _isolated(FSI, value)


def ltr_html(value: object) -> SafeString:
    """``value`` in HTML, in an element of its own if need be."""
    return _in_element('<bdi dir="ltr">{}</bdi>', value)


def isolated_html(value: object) -> SafeString:
    """The same of a name, which may be written in either direction."""
    return _in_element("<bdi>{}</bdi>", value)


def without_isolates(text: str) -> str:
    """``text`` as it is for programs and headers."""
    return _ISOLATES.sub("", text)


def in_html(text: str) -> SafeString:
    """``text``, which is escaped if need be, with elements in the place of isolates."""
    html, count = str(conditional_escape(text)), 1
    while count:
        html, count = _INNERMOST.subn(_element, html)
    return mark_safe(html)  # noqa: S308  (escaped above)


def _isolated(begin: str, value: object) -> str:
    text = str(value)
    if not text or not is_needed(text):
        return text
    text = _MARKS.sub("", text)
    return f"{begin}{text if _is_balanced(text) else without_isolates(text)}{PDI}"


def _in_element(element: str, value: object) -> SafeString:
    if value is None or value == "":
        return SafeString()
    return format_html(element, value) if is_needed(value) else conditional_escape(str(value))


def _is_balanced(text: str) -> bool:
    """Whether what begins in it ends in it, so that it can end nothing around it."""
    depth = 0
    for mark in _ISOLATES.findall(text):
        depth += -1 if mark == PDI else 1
        if depth < 0:
            return False
    return depth == 0


def _element(found: re.Match[str]) -> str:
    # Mail programs know `dir` on whatever element; not each of them knows `bdi`.
    return f'<span dir="{_DIRECTIONS[found[1]]}">{found[2]}</span>'
