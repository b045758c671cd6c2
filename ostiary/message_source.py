"""A message in two forms from one source, so that text and HTML never say different things.

The source is plain text of paragraphs. One that is only ``[label](address)`` is a button in HTML,
and the label above the address in plain text; one that is only an address is a link; one of nothing
but digits is a code, set large. There is no other markup, and what stands in the middle of a
paragraph, such as a value, is never taken for any. What keeps its direction in a text from right to
left (``bidi``) does so in both forms.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Literal

from django.template.loader import render_to_string
from django.utils import translation

from . import bidi

LABELLED = re.compile(r"\[([^\[\]]+)\]\((https?://[^\s()]+)\)")
BARE = re.compile(r"https?://\S+")
CODE = re.compile(r"\d[\d -]{2,}\d")


@dataclass(frozen=True)
class Block:
    """A paragraph. ``lines`` are its text, for a link its label; ``url`` is where a link leads."""

    kind: Literal["text", "link", "code"]
    lines: tuple[str, ...]
    url: str = ""


def blocks(source: str) -> list[Block]:
    """The paragraphs of a source, which blank lines separate."""
    return [_block(part) for part in re.split(r"\n\s*\n", source.strip()) if part.strip()]


def _block(paragraph: str) -> Block:
    lines = tuple(line.strip() for line in paragraph.strip().splitlines())
    if len(lines) == 1:
        if labelled := LABELLED.fullmatch(lines[0]):
            return Block("link", (labelled[1],), labelled[2])
        if BARE.fullmatch(lines[0]):
            return Block("link", lines, lines[0])
        if CODE.fullmatch(lines[0]):
            return Block("code", lines if lines[0].isdigit() else (bidi.ltr(lines[0]),))
    return Block("text", lines)


def one_line(value: str) -> str:
    """``value`` in one line, so that it can't begin a paragraph of its own in a source."""
    return " ".join(value.split())


def plain(found: list[Block]) -> str:
    """The message as plain text."""
    return "\n\n".join(map(_plain, found)) + "\n"


def _plain(block: Block) -> str:
    if block.kind == "link" and block.lines != (block.url,):
        return f"{block.lines[0]}:\n{block.url}"
    return "\n".join(block.lines)


def html(found: list[Block], *, subject: str, site_name: str) -> str:
    """The message as HTML, in the active language; a theme may override ``ostiary/mail.html``."""
    return render_to_string(
        "ostiary/mail.html",
        {
            "blocks": [replace(each, lines=tuple(map(bidi.in_html, each.lines))) for each in found],
            "subject": subject,
            "site_name": site_name,
            "language": translation.get_language() or "en",
            "direction": "rtl" if translation.get_language_bidi() else "ltr",
        },
    )
