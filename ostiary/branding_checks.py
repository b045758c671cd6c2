"""System checks of the settings by which the site presents itself."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from django.core.checks import CheckMessage, Error, Warning
from django.core.exceptions import ValidationError

from . import accent, branding
from .conf import ostiary_settings

LOGOS = ("SITE_LOGO", "SITE_LOGO_DARK")
LINKS = ("TERMS_URL", "PRIVACY_URL", "HELP_URL")


def problems() -> Iterator[CheckMessage]:
    """What can't be used, and which accent colour is adjusted."""
    for name in LOGOS:
        yield from _logo(name, getattr(ostiary_settings, name))
    yield from _accent(ostiary_settings.ACCENT_COLOR)
    for name in LINKS:
        link = getattr(ostiary_settings, name)
        if link and not branding.is_link(link, mail=name == "HELP_URL"):
            yield Error(
                f"OSTIARY[{name!r}] is {link!r}, which isn't a usable link.",
                hint='Write an https address, or a path on this site such as "/terms/".',
                id="ostiary.E036",
            )


def _logo(name: str, path: str) -> Iterator[CheckMessage]:
    try:
        if path:
            branding.drawn(Path(path).read_bytes())
    except OSError as problem:
        why = problem.strerror or str(problem)
    except ValidationError as problem:
        why = " ".join(problem.messages)
    else:
        return
    yield Error(
        f"OSTIARY[{name!r}] is {path!r}, which can't be used as a logo: {why}",
        hint="Write the path of a PNG, JPEG or WebP file of at most 1 MB.",
        id="ostiary.E034",
    )


def _accent(colour: str) -> Iterator[CheckMessage]:
    if colour and accent.parse(colour) is None:
        yield Error(
            f"OSTIARY['ACCENT_COLOR'] is {colour!r}, which isn't a color.",
            hint="Write it in hexadecimal digits, such as #14574b.",
            id="ostiary.E035",
        )
    elif told := branding.adjustment(colour):
        yield Warning(
            f"OSTIARY['ACCENT_COLOR']: {told}",
            hint="Choose a darker or lighter one, or leave it: the pages are readable either way.",
            id="ostiary.W005",
        )
