"""The file in which tombstones outlive the database: a line of JSON for each.

``{"of": "id", "digest": "…", "erased_at": "…", "key": "…"}``; the key is that of the digests,
encrypted by the ring. Nothing personal can be read from it.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from .conf import ostiary_settings
from .encryption import DecryptionFailed, ring
from .models import Tombstone

WRAPPED_FOR = b"ostiary:tombstone-file"


class UnreadableLine(Exception):
    """A line of the file is none of ours; its text says which."""


def add(stones: Sequence[Tombstone], key: bytes) -> None:
    """Add a line for each, on the disk when this returns. Raises ``OSError``."""
    if not (path := ostiary_settings.TOMBSTONE_FILE) or not stones:
        return
    wrapped = base64.b64encode(ring().encrypt(key, WRAPPED_FOR)).decode()
    lines = "".join(
        json.dumps(
            {
                "of": str(stone.of),
                "digest": stone.digest,
                "erased_at": stone.erased_at.isoformat(),
                "key": wrapped,
            }
        )
        + "\n"
        for stone in stones
    )
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    # One write to a file opened for appending: lines of several workers don't mix.
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        os.write(file, lines.encode())
        os.fsync(file)
    finally:
        os.close(file)


def why_not_writable(path: str | Path) -> str:
    """What stands in the way of adding to the file; ``""`` for nothing. Nothing is made or changed
    by asking."""
    file = Path(path)
    if file.is_dir():
        return "it is a folder"
    if file.exists():
        return "" if os.access(file, os.W_OK) else "it is read-only for us"
    folder = next(each for each in file.absolute().parents if each.exists())
    if not folder.is_dir():
        return f"{folder} is no folder"
    return "" if os.access(folder, os.W_OK | os.X_OK) else f"{folder} is read-only for us"


def read(path: str | Path) -> Iterator[Tombstone]:
    """The tombstones of a file, oldest first. Raises ``OSError`` and ``UnreadableLine``."""
    for number, line in _lines(path):
        try:
            told = json.loads(line)
            of, digest = Tombstone.Of(told["of"]), bytes.fromhex(told["digest"]).hex()
            erased_at = datetime.fromisoformat(told["erased_at"])
        except (ValueError, KeyError, TypeError):
            raise UnreadableLine(f"Line {number} is no tombstone.") from None
        yield Tombstone(of=of, digest=digest, erased_at=erased_at)


def kept_key(path: str | Path = "") -> bytes | None:
    """The key of the digests, from the newest line that the ring can read."""
    found = path or ostiary_settings.TOMBSTONE_FILE
    if not found or not Path(found).exists():
        return None
    wrapped = ""
    for _, line in _lines(found):
        wrapped = _member(line, "key") or wrapped
    try:
        return ring().decrypt(base64.b64decode(wrapped), WRAPPED_FOR) if wrapped else None
    except (ValueError, DecryptionFailed):
        return None


def _lines(path: str | Path) -> Iterator[tuple[int, str]]:
    with Path(path).open(encoding="utf-8") as file:
        yield from ((number, line) for number, line in enumerate(file, 1) if line.strip())


def _member(line: str, name: str) -> str:
    try:
        told: Any = json.loads(line)
    except ValueError:
        return ""
    return str(told.get(name, "")) if isinstance(told, dict) else ""
