"""Reads large files one record at a time, so that memory does not grow with them.

Every function that reads records gives the number of the line with each, where there are lines, and
raises ``Unreadable`` where the file is not what it should be.
"""

from __future__ import annotations

import codecs
import csv
import io
import json
from collections.abc import Generator
from typing import Any, BinaryIO

import ijson

Records = Generator[tuple[int | None, Any], None, None]
"""Each record with the number of its line, counted from 1, or ``None`` in a JSON document."""

LONGEST_LINE = 1024 * 1024  # bytes
DEEPEST = 50

_MARKS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}
"""Byte order marks, as Excel and PowerShell begin a file with."""
_DELIMITERS = ",;\t"
"""Between columns: as everybody writes CSV, as Excel does in much of Europe, and its “Unicode
text”."""


class Unreadable(Exception):
    """The file can't be read on; the text says why."""


class _Utf8(io.RawIOBase):
    """A file with a byte order mark, as UTF-8 without it."""

    def __init__(self, file: BinaryIO, mark: bytes) -> None:
        self._file, self._mark = file, mark
        self._begin()

    def _begin(self) -> None:
        self._file.seek(len(self._mark))
        self._decoder = codecs.getincrementaldecoder(_MARKS[self._mark])()
        self._ready, self._at = b"", 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """To the beginning only; and tells where it is."""
        if offset or whence == io.SEEK_END:
            raise io.UnsupportedOperation("Only seeking to the beginning is supported.")
        if whence == io.SEEK_SET:
            self._begin()
        return self._at

    def readinto(self, buffer: Any, /) -> int:
        while not self._ready:
            chunk = self._file.read(65536)
            self._ready = self._decoder.decode(chunk, final=not chunk).encode()
            if not chunk:
                break
        part, self._ready = self._ready[: len(buffer)], self._ready[len(buffer) :]
        buffer[: len(part)] = part
        self._at += len(part)
        return len(part)


def as_utf8(file: BinaryIO) -> BinaryIO:
    """The same file, in UTF-8 without a byte order mark. Closing it is the caller's."""
    begins = file.read(3)
    file.seek(0)
    mark = next((mark for mark in _MARKS if begins.startswith(mark)), None)
    return io.BufferedReader(_Utf8(file, mark)) if mark else file


def array(file: BinaryIO, prefix: str) -> Records:
    """The elements of one array in a JSON document, such as ``users.item`` (ijson's prefixes).

    The whole document is looked through first, so that nobody is imported from a broken one.
    """
    try:
        _judge(file)
        for record in ijson.items(file, prefix, use_float=True):
            yield None, record
    except (ijson.JSONError, UnicodeError) as problem:
        reason = " ".join(str(problem).split(maxsplit=20)[:6])
        raise Unreadable(f"Not valid JSON: {reason}.") from None


def key_of_first(file: BinaryIO, these: tuple[str, ...], others: tuple[str, ...]) -> bool:
    """Whether the first object of an array has a key of ``these`` before any of ``others``; the
    file is then at its beginning. A broken document has none: reading it says why."""
    found = False
    try:
        for prefix, event, key in ijson.parse(file):
            if prefix == "item" and (event == "end_map" or key in (*these, *others)):
                found = key in these
                break
    except (ijson.JSONError, UnicodeError):
        pass
    file.seek(0)
    return found


def _judge(file: BinaryIO) -> None:
    """Raises ``Unreadable`` for a document in which things are nested so deep that it is an attack.

    The memory that ijson needs grows with the square of the depth.
    """
    depth = 0
    for event, _ in ijson.basic_parse(file):
        if event in ("start_map", "start_array"):
            depth += 1
            if depth > DEEPEST:
                raise Unreadable("The JSON is nested too deeply.")
        elif event in ("end_map", "end_array"):
            depth -= 1
    file.seek(0)


def lines(file: BinaryIO) -> Records:
    """JSON documents, one a line (NDJSON)."""
    number = 0
    while line := _line(file, number + 1):
        number += 1
        if line.strip():
            try:
                record = json.loads(line)
            except (ValueError, RecursionError):
                raise Unreadable(f"Line {number} isn't valid JSON.") from None
            yield number, record


def _line(file: BinaryIO, number: int) -> bytes:
    try:
        line = file.readline(LONGEST_LINE + 1)
    except UnicodeError:
        raise Unreadable(f"Line {number} isn't valid UTF-16.") from None
    if len(line) > LONGEST_LINE:
        raise Unreadable(f"Line {number} is too long.")
    return line


def json_records(file: BinaryIO, prefix: str = "") -> Records:
    """An array of JSON objects, one in an object under ``prefix``, or lines: whatever it is.

    A first line that is an object by itself makes it lines.
    """
    if first_character(file) == b"[":
        return array(file, "item")
    if not prefix:
        return lines(file)
    first = file.readline(LONGEST_LINE + 1)
    file.seek(0)
    try:
        whole = json.loads(first)
        is_lines = isinstance(whole, dict) and prefix not in whole
    except (ValueError, RecursionError):
        is_lines = False
    return lines(file) if is_lines else array(file, f"{prefix}.item")


def rows(file: BinaryIO) -> Records:
    """The rows of a CSV file, by the names of its first row.

    What stands between columns (a comma, semicolon or tab) is what the first row has most of.
    """
    head = file.read(65536).split(b"\n", 1)[0]
    file.seek(0)
    delimiter = max(_DELIMITERS, key=lambda one: head.count(one.encode()))
    text = io.TextIOWrapper(file, "utf-8", newline="")
    table = csv.DictReader(text, strict=True, delimiter=delimiter)
    try:
        for name in table.fieldnames or ():
            if (table.fieldnames or []).count(name) > 1:
                raise Unreadable(f"The column {name!r} appears twice.")
        for row in table:
            if None in row or None in row.values():
                raise Unreadable(f"Line {table.line_num} has a different number of columns.")
            yield table.line_num, dict(row)
    except (csv.Error, UnicodeError) as problem:
        raise Unreadable(
            f"After line {table.line_num}, not valid CSV in UTF-8 or UTF-16: {problem}"
        ) from None
    finally:
        text.detach()  # the file is its opener's to close


def first_character(file: BinaryIO) -> bytes:
    """What the file begins with, after any white space; the file is then at its beginning."""
    found = file.read(4096).lstrip(b" \t\r\n")[:1]
    file.seek(0)
    return found
