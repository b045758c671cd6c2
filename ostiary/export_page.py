"""The page of a copy that people read: one file, without scripts, of the same data as the JSON."""

from __future__ import annotations

import base64
import itertools
from collections.abc import Iterator, Mapping, Sized
from datetime import date, datetime
from importlib import resources
from typing import Any

from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from . import bidi
from .conf import ostiary_settings
from .email_addresses import for_people
from .export_labels import Section, label, words

HEAD = """<!doctype html>
<html lang="{}" dir="{}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>{}</title>
<style>{}</style>
</head>
<body>
<header><h1>{}</h1><p class="quiet">{}</p></header>
"""
NOTHING = "–"
FOR_PROGRAMS = frozenset({"id", "session"})
"""What ties records together, and is in the file for programs."""
SAID_BY = (("kind", "what"), ("client_id", "application"))
"""The name by which programs know a thing, and the words for it."""
ONLY_IF_TRUE = frozenset({"is_staff", "is_superuser"})
"""What is said of few people, and of the others nothing."""


def page(found: Mapping[str, list[Section]], made_at: datetime) -> Iterator[str]:
    """The page, piece by piece, in the active language: what there is, then what there isn't."""
    sections, empty = [], []
    for of_app in found.values():
        for section in of_app:
            records = _peeked(section.value)
            if records is None:
                empty.append(label(section.name))
            else:
                sections.append((section, records))
    title = _("Your data at %(site_name)s") % {"site_name": ostiary_settings.SITE_NAME}
    language = translation.get_language() or "en"
    direction = "rtl" if translation.get_language_bidi() else "ltr"
    made = _("Created on %(date)s. The file data.json has the same data for programs.")
    made = made % {"date": _moment(made_at)}
    yield format_html(HEAD, language, direction, title, _style(), title, made)
    entries = ((_anchor(section), label(section.name)) for section, _records in sections)
    links = format_html_join("\n", '<li><a href="#{}">{}</a></li>', entries)
    yield format_html("<nav><ul>\n{}\n</ul></nav>\n<main>\n", links)
    for section, records in sections:
        anchor = _anchor(section)
        yield format_html('<section aria-labelledby="{}">\n', anchor)
        yield format_html('<h2 id="{}">{}</h2>\n', anchor, label(section.name))
        yield '<ol class="records">\n'
        for record in records:
            yield format_html('<li class="record">{}</li>\n', _shown(record))
        yield "</ol>\n</section>\n"
    if empty:
        told = _("Nothing stored for: %(sections)s.") % {"sections": ", ".join(empty)}
        yield format_html('<p class="quiet footnote">{}</p>\n', told)
    yield "</main>\n</body>\n</html>\n"


def _style() -> SafeString:
    style = resources.files(__package__).joinpath("export_page.css").read_text("utf-8")
    return mark_safe(style)  # noqa: S308  (our own file, which no policy lets be another)


def _peeked(value: Any) -> Iterator[Any] | None:
    """The records of a section, of which the first is read already; ``None`` if there is none."""
    if not isinstance(value, Iterator | list | tuple):
        return iter([value]) if value or value is False or value == 0 else None
    records = iter(value)
    for first in records:
        return itertools.chain([first], records)
    return None


def _anchor(section: Section) -> str:
    return f"{section.app}-{section.name}"


def _shown(value: Any, name: str = "") -> str:
    """A value in HTML, that of the field ``name``: what has fields as a list of them, what is many
    as a list, and what programs call by a name in words."""
    if isinstance(value, Mapping):
        rows = [(label(str(key)), _shown(value[key], str(key))) for key in _told(value)]
        terms = format_html_join("", "<dt>{}</dt><dd>{}</dd>", rows)
        return format_html("<dl>{}</dl>", terms) if terms else NOTHING
    if isinstance(value, list | tuple):
        if any(isinstance(each, Mapping) for each in value):
            return format_html_join("", "<div>{}</div>", ((_shown(each),) for each in value))
        return format_html_join(", ", "{}", ((_shown(each, name),) for each in value)) or NOTHING
    if isinstance(value, datetime):
        return format_html('<time datetime="{}">{}</time>', value.isoformat(), _moment(value))
    if isinstance(value, date):
        return date_format(value, "DATE_FORMAT")
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if isinstance(value, bytes | memoryview):
        return base64.urlsafe_b64encode(bytes(value)).decode().rstrip("=")
    if isinstance(value, str):
        value = words(name, for_people(value) if "@xn--" in value else value)
    return NOTHING if value is None or value == "" else bidi.isolated_html(value)


def _told(record: Mapping[Any, Any]) -> Iterator[Any]:
    """The fields that say something to people, and nothing twice."""
    for key, value in record.items():
        empty = value is None or (isinstance(value, str | bytes | Sized) and len(value) == 0)
        never_mind = key in FOR_PROGRAMS or (value is False and key in ONLY_IF_TRUE)
        said = any(key == name and other in record for name, other in SAID_BY)
        if not empty and not never_mind and not said:
            yield key


def _moment(value: datetime) -> str:
    local = timezone.localtime(value) if timezone.is_aware(value) else value
    return f"{date_format(local, 'DATETIME_FORMAT')} ({local.tzname() or '–'})"
