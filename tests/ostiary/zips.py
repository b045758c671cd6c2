"""Copies of personal data, opened."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import jsonschema

from ostiary import export_archive, export_chunks
from ostiary.models import Export


class Opened:
    """What is in the ZIP file. It is a good one, or this fails."""

    def __init__(self, data: bytes) -> None:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            assert archive.testzip() is None
            self.names = archive.namelist()
            self.texts = {name: archive.read(name).decode() for name in self.names}
        self.said: dict[str, Any] = json.loads(self.texts["data.json"])
        self.page = self.texts["index.html"]
        self.all = "\n".join(self.texts.values())

    def must_follow_its_schema(self) -> None:
        """Which comes with it, and is the one that is published."""
        schema = json.loads(self.texts["schema.json"])
        assert schema == json.loads(export_archive.schema_text())
        checker = jsonschema.Draft202012Validator
        checker.check_schema(schema)
        checker(schema, format_checker=checker.FORMAT_CHECKER).validate(self.said)


def of(export: Export) -> Opened:
    """The copy that is in the database."""
    export.refresh_from_db()
    data = b"".join(export_chunks.read(export))
    assert len(data) == export.size
    return Opened(data)


def now(person: Any) -> Opened:
    """A copy that is made for this test."""
    out = io.BytesIO()
    export_archive.write(out, person)
    return Opened(out.getvalue())
