"""The page of a copy that people read: one file, without scripts, of the same data as the JSON."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _

from . import bidi, branding
from .email_addresses import for_people
from .export_labels import label

if TYPE_CHECKING:
    from .export_archive import Section

STYLE = (
    "body{font:1rem/1.5 system-ui,sans-serif;max-width:60rem;margin:0 auto;padding:1rem}"
    "dl{display:grid;grid-template-columns:minmax(8rem,14rem) 1fr;gap:.25rem 1rem;margin:0}"
    "dt{font-weight:600}dd{margin:0;overflow-wrap:anywhere}"
    "li.record{border-top:1px solid;padding:.75rem 0}ol.records{padding:0;list-style:none}"
)
PICTURES = {b"\x89PNG\r\n": "image/png", b"\xff\xd8\xff": "image/jpeg"}
"""The types of pictures that we draw, by what their bytes begin with."""
POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
HEAD = """<!doctype html>
<html lang="{}" dir="{}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{}">
<title>{}</title>
<style>{}</style>
</head>
<body>
<header><h1>{}</h1><p>{}</p></header>
"""


def page(found: Mapping[str, list[Section]], made_at: datetime) -> Iterator[str]:
    """The page, piece by piece, in the active language."""
    sections = [section for of_app in found.values() for section in of_app]
    title = _("What %(site_name)s keeps about you") % {"site_name": branding.site_name()}
    language = translation.get_language() or "en"
    direction = "rtl" if translation.get_language_bidi() else "ltr"
    made = _("Made on %(date)s.") % {"date": _moment(made_at)}
    yield format_html(HEAD, language, direction, POLICY, title, STYLE, title, made)
    entries = ((_anchor(section), label(section.name)) for section in sections)
    links = format_html_join("\n", '<li><a href="#{}">{}</a></li>', entries)
    yield format_html("<nav><ul>\n{}\n</ul></nav>\n<main>\n", links)
    for section in sections:
        anchor = _anchor(section)
        yield format_html('<section aria-labelledby="{}">\n', anchor)
        yield format_html('<h2 id="{}">{}</h2>\n', anchor, label(section.name))
        yield from _records(section.value)
        yield "</section>\n"
    yield "</main>\n</body>\n</html>\n"


def _anchor(section: Section) -> str:
    return f"{section.app}-{section.name}"


def _records(value: Any) -> Iterator[str]:
    if not isinstance(value, Iterator | list | tuple):
        yield format_html("{}\n", _shown(value) or _nothing())
        return
    empty = True
    for record in value:
        if empty:
            yield '<ol class="records">\n'
        empty = False
        yield format_html('<li class="record">{}</li>\n', _shown(record))
    yield "</ol>\n" if not empty else format_html("{}\n", _nothing())


def _nothing() -> str:
    return format_html("<p>{}</p>", _("Nothing."))


def _shown(value: Any) -> str:
    """A value in HTML: what has fields as a list of them, what is many as a list."""
    if isinstance(value, Mapping):
        rows = ((label(str(name)), _shown(each)) for name, each in value.items())
        terms = format_html_join("", "<dt>{}</dt><dd>{}</dd>", rows)
        return format_html("<dl>{}</dl>", terms) if terms else "–"
    if isinstance(value, list | tuple):
        if any(isinstance(each, Mapping) for each in value):
            return format_html_join("", "<div>{}</div>", ((_shown(each),) for each in value))
        return format_html_join(", ", "{}", ((_shown(each),) for each in value)) or "–"
    if isinstance(value, datetime):
        return format_html('<time datetime="{}">{}</time>', value.isoformat(), _moment(value))
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if isinstance(value, bytes | memoryview):
        return _bytes(bytes(value))
    if isinstance(value, str) and "@xn--" in value:
        value = for_people(value)
    return "–" if value is None or value == "" else bidi.isolated_html(value)


def _bytes(value: bytes) -> str:
    """A picture as such, and else as in the JSON."""
    for start, content_type in PICTURES.items():
        if value.startswith(start):
            data = base64.b64encode(value).decode()
            return format_html('<img src="data:{};base64,{}" alt="">', content_type, data)
    return base64.urlsafe_b64encode(value).decode().rstrip("=")


def _moment(value: datetime) -> str:
    local = timezone.localtime(value) if timezone.is_aware(value) else value
    return f"{date_format(local, 'DATETIME_FORMAT')} ({local.tzname() or '–'})"
