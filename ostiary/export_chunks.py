"""The ZIP file of a copy, in encrypted parts in the database.

AES-256-GCM under a key of its own, made of the person's key (RFC 5869), so that destroying that one
shreds every copy, in backups too. A part is bound to its copy, its attempt and its place; how many
there are stands in the copy, so that none can be cut off, moved or left out.
"""

from __future__ import annotations

import io
import secrets
from collections.abc import Iterator

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from . import privacy
from .encryption import DecryptionFailed
from .models import Export, ExportChunk

CHUNK_BYTES = 256 * 1024
NONCE_BYTES = 12


def _cipher(export: Export) -> AESGCM:
    own = privacy.person(str(export.user_id)).key
    return AESGCM(HKDF(SHA256(), 32, salt=None, info=b"ostiary:export").derive(own))


def _place(export: Export, attempt: int, position: int) -> bytes:
    return f"{export.pk}\x00{attempt}\x00{position}".encode()


class ChunkWriter(io.RawIOBase):
    """A file to be written from front to back: every ``CHUNK_BYTES`` are one row.

    Raises ``PersonErased`` if there is no key any more.
    """

    def __init__(self, export: Export, attempt: int) -> None:
        self._export, self._attempt = export, attempt
        self._cipher = _cipher(export)
        self._waiting = bytearray()
        self.size = self.chunks = 0

    def writable(self) -> bool:
        """It is."""
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]
        """Take some bytes."""
        self._waiting += data
        self.size += len(data)
        while len(self._waiting) >= CHUNK_BYTES:
            self._put(bytes(self._waiting[:CHUNK_BYTES]))
            del self._waiting[:CHUNK_BYTES]
        return len(data)

    def finish(self) -> None:
        """Write what is left."""
        if self._waiting:
            self._put(bytes(self._waiting))
            self._waiting.clear()

    def _put(self, part: bytes) -> None:
        nonce = secrets.token_bytes(NONCE_BYTES)
        place = _place(self._export, self._attempt, self.chunks)
        ExportChunk(
            export=self._export,
            attempt=self._attempt,
            position=self.chunks,
            data=nonce + self._cipher.encrypt(nonce, part, place),
        ).save(force_insert=True)
        self.chunks += 1


def read(export: Export) -> Iterator[bytes]:
    """The file, part by part; one at a time is in memory.

    Raises ``DecryptionFailed`` where one is missing or altered, ``PersonErased`` without a key.
    """
    cipher = _cipher(export)
    rows = ExportChunk.objects.filter(export=export, attempt=export.made_by)
    for position in range(export.chunks):
        blob = rows.filter(position=position).values_list("data", flat=True).first()
        if blob is None:
            raise DecryptionFailed("a part of the copy is missing")
        sealed, place = bytes(blob), _place(export, export.made_by, position)
        try:
            yield cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], place)
        except InvalidTag:
            raise DecryptionFailed("a part of the copy was altered, or moved") from None
