"""A browser, its system and the kind of device in words, from what it says of itself.

They are hints for people, and nothing relies on them.
"""

from __future__ import annotations

from enum import StrEnum

from django.utils.translation import gettext as _

# The first that matches: several claim to be the ones further down.
BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Apple TV", "Apple TV"),
    ("Tizen", "Tizen"),
    ("Web0S", "webOS"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)


class Kind(StrEnum):
    """What the device is; the theme has an icon of each name."""

    DESKTOP = "desktop"
    PHONE = "phone"
    TABLET = "tablet"
    TV = "tv"
    TERMINAL = "terminal"
    UNKNOWN = "devices"


# An Android without “Mobile” is a tablet, as Google asks makers of browsers to say it.
KINDS = (
    (Kind.TV, ("SmartTV", "SMART-TV", "Apple TV", "Web0S", "GoogleTV", "Android TV", "BRAVIA")),
    (Kind.TABLET, ("iPad", "Tablet", "Kindle")),
    (Kind.PHONE, ("iPhone", "Mobile", "Phone")),
    (Kind.TABLET, ("Android",)),
    (Kind.DESKTOP, ("Windows", "Macintosh", "CrOS", "X11", "Linux")),
    (Kind.TERMINAL, ("curl/", "Wget/", "python-", "Go-http-client", "okhttp", "HTTPie/")),
)


def describe(user_agent: str) -> str:
    """For example “Firefox on Linux”."""
    browser = next((name for mark, name in BROWSERS if mark in user_agent), "")
    system = next((name for mark, name in SYSTEMS if mark in user_agent), "")
    if browser and system:
        return _("%(browser)s on %(system)s") % {"browser": browser, "system": system}
    return browser or system or _("Unknown device")


def kind(user_agent: str) -> Kind:
    """The kind of device."""
    return next(
        (kind for kind, marks in KINDS if any(mark in user_agent for mark in marks)), Kind.UNKNOWN
    )
