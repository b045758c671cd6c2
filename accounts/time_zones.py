"""Time zones as people look for them: by country and city, with what the clock shows there now.

Offered are the zones of the table that the time zone database makes for this (``zone.tab``): each
under its modern name, and none that is no place. The older names lead to them.
"""

from __future__ import annotations

import datetime
import functools
import zoneinfo
from importlib import resources

from django.utils import timezone
from django.utils.translation import get_language, gettext

from ostiary import bidi

from . import countries

UTC = "UTC"
"""The one zone on offer that is no place; people who run servers look for it."""
ROOTS = {"Etc/UTC": UTC, "Etc/GMT": UTC}


@functools.cache
def zones() -> dict[str, str]:
    """Every zone on offer, with the code of its country; of ``UTC`` that is empty."""
    return {UTC: "", **{name: code for code, _where, name, *_ in countries.table("zone.tab")}}


@functools.cache
def _links() -> dict[str, str]:
    """The zone that each older name stands for, as the database's own source says (zic(8))."""
    source = resources.files("tzdata.zoneinfo").joinpath("tzdata.zi").read_text("utf-8")
    links = [line.split() for line in source.splitlines() if line.startswith("L ")]
    return {name: target for _, target, name in links} | ROOTS


def canonical(name: str) -> str:
    """The zone on offer that ``name`` stands for; ``""`` where there is none."""
    seen = set()
    while name not in zones():
        if name in seen or name not in _links():
            return ""
        seen.add(name)
        name = _links()[name]
    return name


def choices() -> tuple[tuple[str, str], ...]:
    """Every zone on offer with its words in the active language, by country."""
    return _choices(get_language() or countries.ENGLISH, timezone.now().strftime("%Y-%m-%dT%H"))


@functools.lru_cache(maxsize=16)
def _choices(language: str, _hour: str) -> tuple[tuple[str, str], ...]:
    # For an hour: then the clock may have been changed somewhere.
    places = {name: _place(name, language) for name in zones()}
    first = (UTC, label(UTC))
    rest = sorted(
        (name for name in places if name != UTC), key=lambda name: countries.in_order(places[name])
    )
    return (first, *((name, label(name)) for name in rest))


def label(name: str) -> str:
    """A zone on offer in words of the active language: “Germany – Berlin (UTC+01:00)”."""
    if name == UTC:
        return gettext("Coordinated Universal Time (UTC)")
    place = _place(name, get_language() or countries.ENGLISH)
    return f"{place} ({bidi.ltr(_offset(name))})"


@functools.lru_cache(maxsize=4096)
def _place(name: str, language: str) -> str:
    from babel.dates import get_timezone_location

    if name == UTC:
        return ""
    country = countries.name_of(zones()[name], language)
    city = get_timezone_location(name, locale=countries.locale_of(language), return_city=True)
    return country if city == country else f"{country} – {city}"


def _offset(name: str) -> str:
    offset = datetime.datetime.now(zoneinfo.ZoneInfo(name)).utcoffset() or datetime.timedelta()
    minutes = round(offset.total_seconds() / 60)
    sign = "−" if minutes < 0 else "+"
    return f"UTC{sign}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"
