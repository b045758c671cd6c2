"""How the site presents itself: as an operator has decided in the admin, or else as the settings
say.

Each process keeps what it has read, and asks the database at most every ``RECHECK_SECONDS``: no
page costs a statement for it, and a change holds everywhere within that time. While the database is
away what was known stays, or else the settings hold.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import re
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.signals import setting_changed
from django.db import DatabaseError
from django.db.models.signals import post_delete, post_save
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _

from . import accent, pictures
from .conf import ostiary_settings

RECHECK_SECONDS = 60
LOGO_BOX = (640, 160)
"""A logo is drawn in so many pixels at most: twice of what is shown, for fine screens."""
_PAGE = re.compile(r"(?:https://[^/\s\\]|/(?![/\\]))[^\s<>\"\\]*")
_MAIL = re.compile(r"mailto:[^\s<>\"\\@]+@[^\s<>\"\\@]+")


@dataclass(frozen=True)
class Logo:
    """A picture that we drew, and its address on this site, ``""`` where that is not mounted."""

    data: bytes
    digest: str

    @property
    def content_type(self) -> str:
        """Of the two that we draw."""
        return "image/png" if self.data.startswith(b"\x89PNG") else "image/jpeg"

    @property
    def url(self) -> str:
        """It changes with the picture, so that it may be kept for ever."""
        try:
            return reverse("ostiary:logo", args=[self.digest])
        except NoReverseMatch:
            return ""


@dataclass(frozen=True)
class Brand:
    """What pages and messages show of the site, at one moment. Everything but the name may be
    missing."""

    name: str
    logo: Logo | None = None
    logo_dark: Logo | None = None
    accent: str = ""
    terms_url: str = ""
    privacy_url: str = ""
    help_url: str = ""

    @property
    def logos(self) -> dict[str, Logo]:
        """By their digests."""
        return {each.digest: each for each in (self.logo, self.logo_dark) if each}


_decided: dict[str, Any] = {}
"""What stands in the admin in the place of the settings, as it was read last."""
_checked_at: float | None = None
_known: Brand | None = None


def current() -> Brand:
    """What holds now."""
    global _checked_at, _decided, _known
    brand = _known
    if _checked_at is None or time.monotonic() - _checked_at >= RECHECK_SECONDS:
        with contextlib.suppress(DatabaseError):
            _decided = _read()
        _checked_at, brand = time.monotonic(), None
    if brand is None:
        brand = _known = replace(of_settings(), **_decided)
    return brand


def site_name() -> str:
    """The name alone."""
    return current().name


def forget(**_: Any) -> None:
    """Read it anew at the next use in this process."""
    global _checked_at
    _checked_at = None


def connect() -> None:
    """Called once, when the app is ready."""
    from .models import Branding

    for signal in (post_save, post_delete):
        signal.connect(forget, sender=Branding, dispatch_uid="ostiary.branding")


def _read() -> dict[str, Any]:
    from .models import Branding

    row = Branding.objects.first()
    if row is None:
        return {}
    found: dict[str, Any] = {
        name: value
        for name in ("name", "accent", "terms_url", "privacy_url", "help_url")
        if (value := getattr(row, name))
    }
    if row.logo:  # a dark one of the settings belongs to the other
        found |= {"logo": logo_of(bytes(row.logo)), "logo_dark": None}
    if row.logo_dark:
        found["logo_dark"] = logo_of(bytes(row.logo_dark))
    return found


# --- the settings ---------------------------------------------------------------------------------


def of_settings() -> Brand:
    """What they say. What can't be used counts as missing; the system checks tell of it."""
    colour = accent.parse(ostiary_settings.ACCENT_COLOR)
    return Brand(
        name=ostiary_settings.SITE_NAME,
        logo=_of_file(ostiary_settings.SITE_LOGO),
        logo_dark=_of_file(ostiary_settings.SITE_LOGO_DARK),
        accent=accent.written(colour) if colour else "",
        terms_url=_usable(ostiary_settings.TERMS_URL),
        privacy_url=_usable(ostiary_settings.PRIVACY_URL),
        help_url=_usable(ostiary_settings.HELP_URL, mail=True),
    )


def _usable(link: str, *, mail: bool = False) -> str:
    return link if is_link(link, mail=mail) else ""


def is_link(text: str, *, mail: bool = False) -> bool:
    """Whether people can be led there: an https address, a path of this site, or with ``mail`` an
    email address to write to (``mailto:``)."""
    return bool(_PAGE.fullmatch(text) or (mail and _MAIL.fullmatch(text)))


@functools.lru_cache(maxsize=4)
def _of_file(path: str) -> Logo | None:
    """Read once in a process."""
    try:
        return logo_of(drawn(Path(path).read_bytes())) if path else None
    except (OSError, ValidationError):
        return None


def drawn(data: bytes) -> bytes:
    """An uploaded logo as it is kept. Raises ``PictureRefused``."""
    return pictures.redrawn(data, *LOGO_BOX)[0]


def logo_of(data: bytes) -> Logo:
    """A logo that was drawn before."""
    return Logo(data, hashlib.sha256(data).hexdigest()[:16])


def _settings_changed(*, setting: str, **_: Any) -> None:
    global _known
    if setting == "OSTIARY":
        _known = None


setting_changed.connect(_settings_changed)


# --- colours --------------------------------------------------------------------------------------


def stylesheet_url(colour: str) -> str:
    """The address of the stylesheet of an accent; ``""`` for none, or where it is not mounted."""
    found = accent.parse(colour)
    if found is None:
        return ""
    try:
        address = reverse("ostiary:accent", args=[accent.written(found)[1:]])
    except NoReverseMatch:
        return ""
    return f"{address}?v={accent.digest(found)}"


def adjustment(colour: str) -> str:
    """Which shades of an accent are used in its place, in words; ``""`` where it is used itself."""
    found = accent.parse(colour)
    if found is None:
        return ""
    asked = accent.written(found)
    light, dark = (accent.shades(found, each).brand for each in (accent.LIGHT, accent.DARK))
    if light == asked == dark:
        return ""
    if light == asked:
        return _(
            "%(asked)s is hard to read on dark pages. They use %(dark)s, the nearest shade that "
            "can be read."
        ) % {"asked": asked, "dark": dark}
    if dark == asked:
        return _(
            "%(asked)s is hard to read on light pages. They use %(light)s, the nearest shade that "
            "can be read."
        ) % {"asked": asked, "light": light}
    return _(
        "%(asked)s is hard to read. Light pages use %(light)s and dark pages %(dark)s, the nearest "
        "shades that can be read."
    ) % {"asked": asked, "light": light, "dark": dark}
