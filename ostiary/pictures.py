"""Uploaded pictures: none is kept or served as it came in, but drawn again, without anything else.

What a file holds beside its pixels (where a photo was taken, a second file at its end, a script)
does not reach anybody, and what is served is of a type that we wrote.
"""

from __future__ import annotations

import io

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from PIL import Image, ImageOps

MOST_BYTES = 1024 * 1024
"""So large a file may be."""
MOST_PIXELS = 16_000_000
"""So many pixels it may unfold to: a small file can hold a picture that fills the memory."""
FORMATS = ("PNG", "JPEG", "WEBP", "GIF")
ACCEPT = "image/png,image/jpeg,image/webp,image/gif"
"""For the attribute of a file input."""
JPEG_QUALITY = 88


class PictureRefused(ValidationError):
    """The file can't be used; ``message`` says why and what to choose instead. A form's ``clean``
    can let it pass."""


def redrawn(data: bytes, width: int, height: int, *, fill: bool = False) -> tuple[bytes, str]:
    """The picture in the file ``data``, drawn again within ``width`` times ``height`` pixels, and
    its content type: a JPEG of a photo, a PNG of what was one or is transparent.

    It is turned as its EXIF says, and of an animation the first frame. A smaller one stays as it
    is; with ``fill`` it is scaled and cut to exactly that size. Raises ``PictureRefused``.
    """
    if len(data) > MOST_BYTES:
        raise PictureRefused(_("This file is too large. Choose a picture of at most 1 MB."))
    try:
        # No decoder of another format is tried.
        image = Image.open(io.BytesIO(data), formats=FORMATS)
        if image.width * image.height > MOST_PIXELS:
            raise Image.DecompressionBombError
        return _encoded(_fitted(image, width, height, fill), image.format)
    except Image.DecompressionBombError as error:
        raise PictureRefused(
            _("This picture has too many pixels. Choose a smaller one.")
        ) from error
    except Exception as error:  # decoders of others' bytes raise what they like
        raise _unreadable(data) from error


def _unreadable(data: bytes) -> PictureRefused:
    if b"<svg" in data[:4096].lower():
        return PictureRefused(
            _("SVG files can’t be used. Choose a PNG, JPEG, WebP or GIF picture.")
        )
    return PictureRefused(_("This file can’t be read. Choose a PNG, JPEG, WebP or GIF picture."))


def _fitted(image: Image.Image, width: int, height: int, fill: bool) -> Image.Image:
    # Of a large JPEG no more is decoded than is needed. It may be turned later, so both ways.
    image.draft("RGB", (2 * max(width, height),) * 2)
    upright = ImageOps.exif_transpose(image)
    if upright.mode.startswith("I"):  # grey of 16 bits, which would be cut off, not scaled
        upright = upright.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    drawn = upright.convert("RGBA" if upright.has_transparency_data else "RGB")
    if fill:
        return ImageOps.fit(drawn, (width, height), Image.Resampling.LANCZOS)
    drawn.thumbnail((width, height), Image.Resampling.LANCZOS)
    return drawn


def _encoded(image: Image.Image, came_as: str | None) -> tuple[bytes, str]:
    # A new image: nothing that was read beside the pixels is written.
    bare = Image.new(image.mode, image.size)
    bare.paste(image)
    written = io.BytesIO()
    if bare.mode == "RGBA" or came_as == "PNG":
        bare.save(written, "PNG", optimize=True)
        return written.getvalue(), "image/png"
    bare.save(written, "JPEG", quality=JPEG_QUALITY, optimize=True)
    return written.getvalue(), "image/jpeg"
