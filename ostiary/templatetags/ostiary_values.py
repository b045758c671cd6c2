"""Filters for what a page or message says of somebody: addresses, numbers, names, moments.

Each keeps the order of its characters where they or the page are written from right to left: by an
element in HTML, and by invisible characters in text, where nothing is escaped.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.template import Library
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.timesince import timesince

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


@register.filter(expects_localtime=True, needs_autoescape=True)
def moment(value: datetime | None, autoescape: bool = True) -> str:
    """A day and an hour by the reader's clock, in HTML for programs too."""
    if not value:
        return ""
    text = date_format(value, "DATETIME_FORMAT")
    element = '<time datetime="{}">{}</time>'
    return format_html(element, value.isoformat(timespec="seconds"), text) if autoescape else text


@register.filter
def age(value: datetime) -> str:
    """How long ago it was, roughly: “3 hours”. Empty for less than a minute."""
    now = timezone.now()
    return timesince(value, now, depth=1) if now - value >= timedelta(minutes=1) else ""
