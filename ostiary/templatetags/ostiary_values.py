"""Filters for what a page or message says of somebody: addresses, numbers, names.

Each keeps the order of its characters where they or the page are written from right to left: by an
element in HTML, and by invisible characters in text, where nothing is escaped.
"""

from __future__ import annotations

from django.template import Library
from django.utils.html import conditional_escape, format_html

from .. import bidi

register = Library()


@register.filter(needs_autoescape=True)
def ltr(value: object, autoescape: bool = True) -> str:
    """A code, a number, a network address, a host: what is read from left to right everywhere."""
    return _isolated('<bdi dir="ltr">{}</bdi>', value) if autoescape else bidi.ltr(value or "")


@register.filter(needs_autoescape=True)
def isolate(value: object, autoescape: bool = True) -> str:
    """A name, or a sentence: what may be written in either direction."""
    return _isolated("<bdi>{}</bdi>", value) if autoescape else bidi.isolated(value or "")


@register.filter(needs_autoescape=True)
def address(value: object, autoescape: bool = True) -> str:
    """What somebody is known by: an email address, or a user name."""
    return (ltr if "@" in str(value) else isolate)(value, autoescape)


def _isolated(element: str, value: object) -> str:
    if value is None or value == "":
        return ""
    return format_html(element, value) if bidi.is_needed(value) else conditional_escape(str(value))
