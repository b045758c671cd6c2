"""The regions of the site, from the environment."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit


def settings_of(regions: Iterable[str], keys: Iterable[str]) -> dict[str, dict[str, str]]:
    """``OSTIARY["REGIONS"]`` of ``eu=https://…`` and ``eu=/path/keys.json``. What is wrong with it
    the system checks tell."""
    found = {name: {"url": url} for name, url in map(_pair, regions) if name}
    for name, path in map(_pair, keys):
        if name:
            found.setdefault(name, {"url": ""})["keys"] = path
    return found


def _pair(text: str) -> tuple[str, str]:
    name, _, value = text.partition("=")
    return name.strip(), value.strip()


def host_of(url: str) -> str:
    """The host by which the other regions reach this one; ``""`` for none."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""
