"""Filters for what a page or message says of somebody: addresses, numbers, names.

Each keeps the order of its characters where they or the page are written from right to left: by an
element in HTML, and by invisible characters in text, where nothing is escaped.
"""

from __future__ import annotations

from django.template import Library

from .. import bidi
from ..email_addresses import for_people

register = Library()


@register.filter(needs_autoescape=True)
def ltr(value: object, autoescape: bool = True) -> str:
    """A code, a number, a network address, a host: what is read from left to right everywhere."""
    return bidi.ltr_html(value) if autoescape else bidi.ltr(value or "")


@register.filter(needs_autoescape=True)
def isolate(value: object, autoescape: bool = True) -> str:
    """A name, or a sentence: what may be written in either direction."""
    return bidi.isolated_html(value) if autoescape else bidi.isolated(value or "")


@register.filter(needs_autoescape=True)
def address(value: object, autoescape: bool = True) -> str:
    """What somebody is known by, as people read it: an email address, or a user name."""
    text = address_text(value)
    return (ltr if "@" in text else isolate)(text, autoescape)


@register.filter
def address_text(value: object) -> str:
    """The same for an attribute, where no element can stand."""
    return for_people(str(value or ""))
