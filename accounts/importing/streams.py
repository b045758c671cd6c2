"""Reads large files one record at a time, so that memory does not grow with them.

Every function gives the records of a file that is open in binary, and raises ``Unreadable`` where
the file is not what it should be.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Generator
from typing import Any, BinaryIO

import ijson

Records = Generator[Any, None, None]

LONGEST_LINE = 1024 * 1024  # bytes
DEEPEST = 50


class Unreadable(Exception):
    """The file can't be read on; the text says why."""


def array(file: BinaryIO, prefix: str) -> Records:
    """The elements of one array in a JSON document, such as ``users.item`` (ijson's prefixes).

    The whole document is looked through first, so that nobody is imported from a broken one.
    """
    try:
        _judge(file)
        yield from ijson.items(file, prefix, use_float=True)
    except (ijson.JSONError, UnicodeDecodeError) as problem:
        reason = " ".join(str(problem).split(maxsplit=20)[:6])
        raise Unreadable(f"This is no JSON: {reason}.") from None


def _judge(file: BinaryIO) -> None:
    """Raises ``Unreadable`` for a document in which things are nested so deep that it is an attack.

    The memory that ijson needs grows with the square of the depth.
    """
    depth = 0
    for event, _ in ijson.basic_parse(file):
        if event in ("start_map", "start_array"):
            depth += 1
            if depth > DEEPEST:
                raise Unreadable("It is nested too deep.")
        elif event in ("end_map", "end_array"):
            depth -= 1
    file.seek(0)


def lines(file: BinaryIO) -> Records:
    """JSON documents, one a line (NDJSON)."""
    number = 0
    while line := file.readline(LONGEST_LINE + 1):
        number += 1
        if len(line) > LONGEST_LINE:
            raise Unreadable(f"Line {number} is too long.")
        if line.strip():
            try:
                yield json.loads(line)
            except (ValueError, RecursionError):
                raise Unreadable(f"Line {number} is no JSON.") from None


def rows(file: BinaryIO) -> Records:
    """The rows of a CSV file in UTF-8, by the names of its first row."""
    text = io.TextIOWrapper(file, "utf-8-sig", newline="")
    table = csv.DictReader(text, strict=True)
    try:
        for name in table.fieldnames or ():
            if (table.fieldnames or []).count(name) > 1:
                raise Unreadable(f"The column {name!r} is there twice.")
        for row in table:
            if None in row or None in row.values():
                raise Unreadable(f"Line {table.line_num} has another number of columns.")
            yield dict(row)
    except (csv.Error, UnicodeDecodeError) as problem:
        raise Unreadable(
            f"After line {table.line_num} this is no CSV in UTF-8: {problem}"
        ) from None
    finally:
        text.detach()  # the file is its opener's to close


def first_character(file: BinaryIO) -> bytes:
    """What the file begins with, after any white space; the file is then at its beginning."""
    found = file.read(4096).lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    file.seek(0)
    return found
