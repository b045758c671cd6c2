"""Where an address is, by a local database in MaxMind's format; nothing is asked of anybody.

``OSTIARY["PLACES_DATABASE"]`` names the file (GeoLite2 City, DB-IP City and the like); it needs the
extra ``geo``. Without it no address has a place, and nothing that uses places says anything.
"""

from __future__ import annotations

import logging
import math
import os
import threading
import time
from dataclasses import dataclass
from typing import Any

from django.utils import translation

from . import bidi
from .conf import ostiary_settings

log = logging.getLogger(__name__)

LOOK_AGAIN_SECONDS = 60
"""So long after the file was replaced, every process reads the new one."""
EARTH_RADIUS_KM = 6371.0

_opening = threading.Lock()
_opened: _Database | None = None


@dataclass(frozen=True)
class Place:
    """A place as exactly as the database knows it. ``country`` is ISO 3166-1 alpha-2, or ``""``."""

    country: str
    country_name: str = ""
    city: str = ""
    latitude: float | None = None
    longitude: float | None = None

    def __str__(self) -> str:
        return ", ".join(filter(None, [self.city, self.country_name or self.country]))


@dataclass
class _Database:
    """What ``path`` held when it was last looked at; ``reader`` is ``None`` if nothing useful."""

    path: str
    looked_at: float
    modified: float
    reader: Any


def place_of(address: str) -> Place | None:
    """Where an address is; ``None`` if nobody knows, or there is no database."""
    path = ostiary_settings.PLACES_DATABASE
    if not path or not address:
        return None
    reader = _reader(path)
    if reader is None:
        return None
    try:
        found = reader.get(address)
    except ValueError:  # an IPv6 address in a database of IPv4, or none at all
        return None
    except Exception:
        log.exception("The database of places is damaged.")
        return None
    return _place(found) if isinstance(found, dict) else None


def in_words(address: str) -> str:
    """The place of an address with the address itself, as people are shown it."""
    place = str(place_of(address) or "")
    return f"{place} ({bidi.ltr(address)})" if place else address


def _place(found: dict[str, Any]) -> Place | None:
    country = found.get("country") or found.get("registered_country") or {}
    where = found.get("location") or {}
    place = Place(
        country=str(country.get("iso_code", "")),
        country_name=_name(country),
        city=_name(found.get("city") or {}),
        latitude=where.get("latitude"),
        longitude=where.get("longitude"),
    )
    return place if place.country or place.city else None


def _name(told: dict[str, Any]) -> str:
    """The name in the active language, else in English."""
    names = told.get("names") or {}
    language = (translation.get_language() or "en").partition("-")[0]
    return str(names.get(language) or names.get("en") or "")


def distance_km(one: Place, other: Place) -> float | None:
    """The distance of two places along the ground; ``None`` where one has no coordinates."""
    places = (one.latitude, one.longitude, other.latitude, other.longitude)
    if None in places:
        return None
    lat1, lon1, lat2, lon2 = (math.radians(float(value)) for value in places if value is not None)
    half = math.sin((lat2 - lat1) / 2) ** 2 + (
        math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
    )
    return 2 * EARTH_RADIUS_KM * math.asin(min(1.0, math.sqrt(half)))


# --- the file ------------------------------------------------------------------------------------


def open_database(path: str) -> Any:
    """A reader of the file. Raises ``ImportError`` without the extra ``geo``, ``OSError`` or
    ``ValueError`` for a file that can't be read."""
    import maxminddb

    try:
        return maxminddb.open_database(path)
    except maxminddb.InvalidDatabaseError as error:
        raise ValueError(str(error)) from None


def _reader(path: str) -> Any:
    """The reader, opened again when the file was replaced."""
    global _opened
    known = _opened
    now = time.monotonic()
    if known and known.path == path and now - known.looked_at < LOOK_AGAIN_SECONDS:
        return known.reader
    with _opening:
        known = _opened if _opened and _opened.path == path else None
        try:
            modified = os.stat(path).st_mtime
            if known and known.reader is not None and known.modified == modified:
                reader = known.reader
            else:
                reader = open_database(path)
        except (ImportError, OSError, ValueError) as error:
            # One that was read before goes on answering; the file may be just being replaced.
            log.error("The database of places can't be read: %s", type(error).__name__)
            modified, reader = 0.0, known.reader if known else None
        _opened = _Database(path, now, modified, reader)
        return reader
