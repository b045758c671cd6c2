"""What the pages are coloured with, from one colour of an operator's, so that all can be read.

WCAG 2.2: text has 4.5:1 against what it stands on (§1.4.3), what one has to see to use a page 3:1
(§1.4.11). The accent is both, as links and as buttons, on light pages and on dark ones. A colour
that is too near to one of them is made darker, or lighter, as little as that takes.
"""

from __future__ import annotations

import functools
import hashlib
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

Rgb = tuple[int, int, int]
TEXT = 4.5
_HEX = re.compile(r"#?([0-9a-fA-F]{3}|[0-9a-fA-F]{6})")
WHITE, BLACK = (255, 255, 255), (0, 0, 0)
WASH = 0.1
"""How much of the accent is in the surface of what is marked by it."""
STEPS = 256


@dataclass(frozen=True)
class Theme:
    """What accents stand on (``--page``, ``--surface``, ``--sunken``, ``--warning-wash``,
    ``--danger-wash`` of ``tokens.css``)."""

    surface: Rgb
    others: tuple[Rgb, ...]
    end: Rgb
    """Where a colour has the most contrast to them."""


@dataclass(frozen=True)
class Shades:
    """The colours of one theme: the accent, what is under the pointer, what marks a surface, and
    the text on a button. Each is ``#rrggbb``."""

    brand: str
    strong: str
    wash: str
    on_brand: str


def parse(colour: str) -> Rgb | None:
    """The colour that ``#1c7`` or ``#11cc77`` names; ``None`` for anything else."""
    found = _HEX.fullmatch(colour.strip())
    if not found:
        return None
    digits = found[1] if len(found[1]) == 6 else "".join(2 * each for each in found[1])
    return int(digits[:2], 16), int(digits[2:4], 16), int(digits[4:], 16)


def written(colour: Rgb) -> str:
    """As CSS has it."""
    return "#{:02x}{:02x}{:02x}".format(*colour)


def _theme(surface: str, *others: str, end: Rgb) -> Theme:
    first, *rest = (parse(each) or BLACK for each in (surface, *others))
    return Theme(first, tuple(rest), end)


LIGHT = _theme("#fffefb", "#f4f2ec", "#e9e5da", "#f6e9c8", "#fbe7e2", end=BLACK)
DARK = _theme("#1a201d", "#111513", "#0b0e0d", "#362c14", "#3d1f1a", end=WHITE)


def luminance(colour: Rgb) -> float:
    """The relative luminance, from 0 to 1 (WCAG 2.2)."""
    red, green, blue = map(_linear, colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: Rgb, other: Rgb) -> float:
    """From 1 to 21 (WCAG 2.2)."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@functools.lru_cache(maxsize=256)
def shades(accent: Rgb, theme: Theme) -> Shades:
    """The colours of ``theme`` that ``accent`` gives."""
    wash = _mixed(theme.surface, accent, WASH)
    stood_on = (theme.surface, *theme.others, wash)
    brand = _nearest(accent, theme.end, lambda found: _is_readable(found, stood_on))
    on_brand = max(WHITE, BLACK, key=lambda text: contrast(text, brand))
    strong = _mixed(brand, theme.end, 0.3)
    if contrast(strong, brand) < 1.2:  # it is at that end already
        strong = _nearest_back(brand, theme, stood_on, on_brand)
    return Shades(written(brand), written(strong), written(wash), written(on_brand))


def _is_readable(colour: Rgb, stood_on: Iterable[Rgb]) -> bool:
    return all(contrast(colour, each) >= TEXT for each in stood_on)


def _nearest_back(brand: Rgb, theme: Theme, stood_on: Iterable[Rgb], on_brand: Rgb) -> Rgb:
    """Another shade for what is under the pointer, towards the surface, that can still be read."""
    for share in (0.3, 0.2, 0.1):
        found = _mixed(brand, theme.surface, share)
        if _is_readable(found, (*stood_on, on_brand)):
            return found
    return brand


def _mixed(one: Rgb, other: Rgb, share: float) -> Rgb:
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return red, green, blue


# --- lightness as the eye has it (Oklab, Björn Ottosson 2020) ----------------------------------


def _linear(part: int) -> float:
    value = part / 255
    return float(value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4)


def _part(value: float) -> float:
    return float(value * 12.92 if value <= 0.0031308 else 1.055 * value ** (1 / 2.4) - 0.055)


def _oklab(colour: Rgb) -> tuple[float, float, float]:
    r, g, b = map(_linear, colour)
    l = (0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b) ** (1 / 3)  # noqa: E741
    m = (0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b) ** (1 / 3)
    s = (0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b) ** (1 / 3)
    return (
        0.2104542553 * l + 0.7936177850 * m - 0.0040720468 * s,
        1.9779984951 * l - 2.4285922050 * m + 0.4505937099 * s,
        0.0259040371 * l + 0.7827717662 * m - 0.8086757660 * s,
    )


def _rgb(lightness: float, a: float, b: float) -> Rgb | None:
    """``None`` for what no screen shows."""
    l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3  # noqa: E741
    m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    s = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    parts = (
        4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
        -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
        -0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s,
    )
    if not all(-0.001 <= each <= 1.001 for each in parts):
        return None
    red, green, blue = (round(255 * _part(min(max(each, 0.0), 1.0))) for each in parts)
    return red, green, blue


def _nearest(colour: Rgb, end: Rgb, is_good: Callable[[Rgb], bool]) -> Rgb:
    """The first good one from ``colour`` towards ``end``, of the same hue, as colourful as it can
    be; ``end`` if there is none before."""
    if is_good(colour):
        return colour
    lightness, a, b = _oklab(colour)
    goal = 1.0 if end == WHITE else 0.0
    for step in range(1, STEPS):
        at = lightness + (goal - lightness) * step / STEPS
        shown = (_rgb(at, a * kept / 20, b * kept / 20) for kept in range(20, -1, -1))
        found = next((each for each in shown if each is not None), end)
        if is_good(found):
            return found
    return end


# --- the stylesheet ------------------------------------------------------------------------------


@functools.lru_cache(maxsize=256)
def stylesheet(accent: Rgb) -> str:
    """Nothing but custom properties, and in them nothing but colours."""
    light, dark = shades(accent, LIGHT), shades(accent, DARK)
    pairs = {
        "--brand": (light.brand, dark.brand),
        "--brand-strong": (light.strong, dark.strong),
        "--brand-wash": (light.wash, dark.wash),
        "--on-brand": (light.on_brand, dark.on_brand),
        "--threshold": (light.brand, dark.brand),
    }
    lines = (f"  {name}: light-dark({one}, {other});\n" for name, (one, other) in pairs.items())
    return f":root {{\n{''.join(lines)}}}\n"


def digest(accent: Rgb) -> str:
    """What stands in its address, so that it may be kept for ever."""
    return hashlib.sha256(stylesheet(accent).encode()).hexdigest()[:12]
