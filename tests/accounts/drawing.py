"""Pictures to upload."""

from __future__ import annotations

import io
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image


def drawn(kind: str = "PNG", size: tuple[int, int] = (400, 300), **saved: Any) -> bytes:
    """A picture whose left half is red and whose right half is blue."""
    image = Image.new("RGB", size, "red")
    image.paste("blue", (size[0] // 2, 0, *size))
    out = io.BytesIO()
    image.save(out, kind, **saved)
    return out.getvalue()


def drawing(data: bytes | None = None, name: str = "me.png") -> SimpleUploadedFile:
    """The same as a browser sends it."""
    return SimpleUploadedFile(name, drawn() if data is None else data, "image/png")
