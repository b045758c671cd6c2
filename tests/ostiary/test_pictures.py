"""Uploaded pictures are drawn again, and nothing else in the file is kept."""

import io
import struct
import zlib

import pytest
from django.core.exceptions import ValidationError
from PIL import Image, PngImagePlugin

from ostiary import pictures
from ostiary.pictures import PictureRefused, redrawn

RED, BLUE = (200, 0, 0), (0, 0, 200)
ORIENTATION, ARTIST, GPS = 0x0112, 0x013B, 0x8825


def file_of(image: Image.Image, kind: str, **options: object) -> bytes:
    written = io.BytesIO()
    image.save(written, kind, **options)
    return written.getvalue()


def opened(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def two_halves(width: int = 80, height: int = 40) -> Image.Image:
    """Red on the left, blue on the right."""
    image = Image.new("RGB", (width, height), RED)
    image.paste(BLUE, (width // 2, 0, width, height))
    return image


def is_near(colour: tuple[int, ...], wanted: tuple[int, ...]) -> bool:
    return all(abs(a - b) < 24 for a, b in zip(colour[:3], wanted, strict=True))


@pytest.mark.parametrize(
    ("kind", "mode", "comes_out"),
    [
        ("JPEG", "RGB", "image/jpeg"),
        ("JPEG", "L", "image/jpeg"),
        ("JPEG", "CMYK", "image/jpeg"),
        ("PNG", "RGB", "image/png"),
        ("PNG", "RGBA", "image/png"),
        ("PNG", "P", "image/png"),
        ("PNG", "1", "image/png"),
        ("PNG", "LA", "image/png"),
        ("PNG", "I;16", "image/png"),
        ("WEBP", "RGB", "image/jpeg"),
        ("WEBP", "RGBA", "image/png"),
    ],
)
@pytest.mark.parametrize("fill", [False, True])
def test_every_kind_of_the_three_formats_comes_out_as_one_that_is_shown_everywhere(
    kind, mode, comes_out, fill
):
    data, content_type = redrawn(file_of(Image.new(mode, (300, 200)), kind), 64, 64, fill=fill)
    assert content_type == comes_out
    assert opened(data).size == ((64, 64) if fill else (64, 43))
    assert opened(data).get_format_mimetype() == content_type


def test_a_small_picture_is_not_made_larger_unless_it_has_to_fill():
    small = file_of(two_halves(8, 4), "PNG")
    assert opened(redrawn(small, 64, 64)[0]).size == (8, 4)
    assert opened(redrawn(small, 64, 64, fill=True)[0]).size == (64, 64)


def test_a_thin_line_stays_a_picture():
    data, _ = redrawn(file_of(Image.new("RGB", (4000, 1)), "PNG"), 64, 64)
    assert opened(data).size == (64, 1)


@pytest.mark.parametrize("fill", [False, True])
def test_a_photo_is_turned_as_its_camera_was_held(fill):
    exif = Image.Exif()
    exif[ORIENTATION] = 6  # turn it to the right to see it upright
    turned = opened(redrawn(file_of(two_halves(), "JPEG", exif=exif), 40, 80, fill=fill)[0])
    assert turned.size == (40, 80)
    assert is_near(turned.getpixel((20, 8)), RED)
    assert is_near(turned.getpixel((20, 72)), BLUE)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_nothing_but_the_pixels_is_kept(kind):
    exif = Image.Exif()
    exif[ARTIST] = "Alice Example"
    exif.get_ifd(GPS)[1] = "N"
    told = PngImagePlugin.PngInfo()
    told.add_text("Comment", "Alice Example")
    options = {"exif": exif, "icc_profile": b"Alice Example", "comment": b"Alice Example"}
    options |= {"pnginfo": told, "xmp": b"<x>Alice Example</x>"}
    data = file_of(two_halves(), kind, **options) + b"<script>Alice Example</script>"
    assert b"Alice Example" in data
    drawn, _ = redrawn(data, 64, 64)
    assert b"Alice" not in drawn
    assert b"script" not in drawn
    assert not opened(drawn).getexif()
    assert not {"icc_profile", "comment", "xmp"} & opened(drawn).info.keys()


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_of_an_animation_the_first_picture_is_taken(kind):
    frames = [Image.new("RGB", (20, 20), BLUE)]
    moving = file_of(Image.new("RGB", (20, 20), RED), kind, save_all=True, append_images=frames)
    still = opened(redrawn(moving, 20, 20)[0])
    assert is_near(still.convert("RGB").getpixel((10, 10)), RED)
    assert getattr(still, "n_frames", 1) == 1


def test_what_is_transparent_stays_so():
    logo = Image.new("RGBA", (40, 40), (0, 0, 0, 0))
    logo.paste(RED, (10, 10, 30, 30))
    drawn = opened(redrawn(file_of(logo, "WEBP", lossless=True), 40, 40)[0])
    assert drawn.getpixel((0, 0))[3] == 0
    assert drawn.getpixel((20, 20)) == (*RED, 255)


def png_claiming(width: int, height: int, *chunks: tuple[bytes, bytes]) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    found = b"\x89PNG\r\n\x1a\n"
    for name, body in ((b"IHDR", header), *chunks, (b"IEND", b"")):
        crc = zlib.crc32(name + body)
        found += struct.pack(">I", len(body)) + name + body + struct.pack(">I", crc)
    return found


def test_a_small_file_that_unfolds_to_a_huge_picture_is_refused_before_it_is_unfolded():
    bomb = png_claiming(60_000, 60_000, (b"IDAT", zlib.compress(bytes(100_000))))
    with pytest.raises(PictureRefused, match="too many pixels"):
        redrawn(bomb, 64, 64)
    side = int(pictures.MOST_PIXELS**0.5) + 1
    with pytest.raises(PictureRefused, match="too many pixels"):
        redrawn(file_of(Image.new("1", (side, side)), "PNG"), 64, 64)


def test_a_file_above_the_limit_is_refused_unread():
    with pytest.raises(PictureRefused, match="at most 1 MB"):
        redrawn(file_of(two_halves(), "PNG") + bytes(pictures.MOST_BYTES), 64, 64)


@pytest.mark.parametrize(
    "svg",
    [
        b'<svg xmlns="http://www.w3.org/2000/svg"/>',
        b'\xef\xbb\xbf<?xml version="1.0"?><!-- mine --><SVG onload="alert(1)"/>',
    ],
)
def test_an_svg_is_refused_by_its_name(svg):
    with pytest.raises(PictureRefused, match="SVG"):
        redrawn(svg, 64, 64)


WHOLE = {kind: file_of(two_halves(), kind) for kind in ("PNG", "JPEG", "WEBP", "GIF")}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0",
        b"GIF89a",
        b"<html>",
        file_of(two_halves(), "BMP"),
        file_of(two_halves(), "TIFF"),
        png_claiming(0, 0),
        png_claiming(10, 10),
        png_claiming(10, 10, (b"IDAT", b"not deflated")),
        png_claiming(10, 10, (b"zTXt", b"k\0\0" + zlib.compress(bytes(10_000_000)))),
        *(whole[:size] for whole in WHOLE.values() for size in (4, 12, 30, len(whole) // 2)),
    ],
)
def test_what_is_no_whole_picture_of_the_four_formats_is_refused_in_a_sentence(data):
    with pytest.raises(PictureRefused, match="Choose a PNG, JPEG, WebP or GIF picture"):
        redrawn(data, 64, 64)


def test_a_form_can_let_the_refusal_pass():
    assert issubclass(PictureRefused, ValidationError)


@pytest.mark.parametrize("whole", WHOLE.values(), ids=WHOLE)
def test_a_file_damaged_anywhere_is_drawn_or_refused_and_nothing_else(whole):
    for at in range(len(whole)):
        damaged = bytearray(whole)
        damaged[at] ^= 0xFF
        try:
            redrawn(bytes(damaged), 16, 16)
        except PictureRefused:
            continue


def test_a_grey_of_sixteen_bits_stays_the_same_grey():
    grey = Image.new("I;16", (20, 20), 0x8000)
    assert is_near(opened(redrawn(file_of(grey, "PNG"), 20, 20)[0]).getpixel((9, 9)), (128,) * 3)
