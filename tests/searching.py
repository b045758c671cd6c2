"""Looking for values of a person wherever this site keeps something, however they are written."""

from __future__ import annotations

import base64
import hashlib
import html
import io
import json
from collections.abc import Iterable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

from django.apps import apps
from django.conf import settings as site

from ostiary import events, privacy
from ostiary.models import Event
from tests.kept import kept, tables

HASHES = ("md5", "sha1", "sha256", "sha512")
Marks = dict[str, str | bytes]
"""What marks a person, by what it is."""


def ways_to_write(value: str | bytes) -> dict[str, str]:
    """How the value may stand somewhere: as it is, encoded, or hashed without a key."""
    raw = value if isinstance(value, bytes) else value.encode()
    found = {"in hex": raw.hex(), "raw": raw.decode("latin-1")}
    for said in dict.fromkeys((raw, raw.lower())):
        for name in HASHES:
            digest = hashlib.new(name, said)
            found[f"by {name}, {said!r:.5}"] = digest.hexdigest()
            found[f"by {name} in Base64, {said!r:.5}"] = base64.b64encode(digest.digest()).decode()
    for shift in range(3):  # in Base64, wherever in it the value begins
        text = base64.b64encode(b"\0" * shift + raw).decode()
        inner = text[(0, 2, 3)[shift] + 2 : len(text) - 4]
        found[f"in Base64, {shift}"] = inner
        found[f"in Base64 of URLs, {shift}"] = inner.translate(str.maketrans("+/", "-_"))
    if isinstance(value, str):
        found |= {
            "in a text": value,
            "in a URL": quote(value, safe=""),
            "in a form": quote_plus(value),
            "in JSON": json.dumps(value)[1:-1],
            "in HTML": html.escape(value),
        }
    return {how: text.casefold() for how, text in found.items()}


def fields() -> dict[str, str]:
    """What stands in each field of all rows together, decrypted where we can."""
    privacy._people.clear()
    values: dict[str, set[str]] = {}
    for field, value in _values():
        values.setdefault(field, set()).add(value)
    return {field: "\n".join(each) for field, each in values.items()}


def _values() -> Iterator[tuple[str, str]]:
    for model in apps.get_models(include_auto_created=True):
        for row in model._base_manager.all():
            for field in model._meta.local_concrete_fields:
                yield f"{model._meta.label}.{field.name}", text_of(getattr(row, field.attname))
            if isinstance(row, Event):
                yield "ostiary.Event.personal", text_of(events.personal_details(row))
            if hasattr(row, "get_decoded"):
                yield f"{model._meta.label}.session_data", text_of(row.get_decoded())


def text_of(value: Any) -> str:
    """The value as a text, in which raw bytes stand as they are."""
    if isinstance(value, bytes | memoryview):
        return bytes(value).decode("latin-1").casefold()
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, default=str).casefold()
    return str(value).casefold()


def places(log: io.StringIO) -> dict[str, str]:
    """Everything that is kept as it is kept: tables, sessions unpacked, caches, logs and files."""
    sessions = import_module(site.SESSION_ENGINE).SessionStore.get_model_class().objects.all()
    files = {
        str(path): path.read_bytes().decode("latin-1")
        for path in Path(site.VAR_DIR).rglob("*")
        # The database itself is read above. Django's tests keep mail in memory, so that the demo's
        # mailbox, which is a person's own copy of their mail, has nothing of theirs.
        if path.is_file() and "sqlite3" not in path.name and "static" not in path.parts
    }
    told = {
        "tables": tables(),
        "sessions": "\n".join(str(row.get_decoded()) for row in sessions),
        "caches": kept(),
        "logs": log.getvalue(),
        **files,
    }
    return {place: text.casefold() for place, text in told.items()}


def found(marks: Marks, log: io.StringIO) -> list[str]:
    """Where which of the marked values stands, and how."""
    hay = [*places(log).items(), *fields().items()]
    return [
        f"{name} {how} in {place}: …{told[max(at - 60, 0) : at + 80]}…"
        for name, how, text in _needles(marks)
        for place, told in hay
        if (at := told.find(text)) >= 0
    ]


def fields_with(marks: Marks) -> dict[str, str]:
    """The fields in which a marked value stands, with its name."""
    needles = list(_needles(marks))
    return {
        place: f"{name} {how}"
        for place, told in fields().items()
        for name, how, text in needles
        if text in told
    }


def _needles(marks: Marks) -> Iterable[tuple[str, str, str]]:
    for name, value in marks.items():
        for how, text in ways_to_write(value).items():
            yield name, how, text
