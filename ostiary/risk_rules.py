"""The rules that a site has if it names no others: each a few lines, to be copied and changed."""

from __future__ import annotations

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from . import places
from .circumstances import Circumstances


class NewDevice:
    """A browser in which the person has not signed in before; not the very first of all."""

    name = "new_device"
    weight = 35
    sentence = _("a device that we haven’t seen before")

    def applies(self, circumstances: Circumstances) -> bool:
        """Whether the device is new to this person."""
        return not circumstances.is_known_device and circumstances.has_signed_in_before


class NewCountry:
    """A country from which the person has not signed in lately."""

    name = "new_country"
    weight = 25
    sentence = _("a country from which you haven’t signed in lately")

    def applies(self, circumstances: Circumstances) -> bool:
        """Whether none of the earlier sessions began there; an unknown place says nothing."""
        here = circumstances.place
        if here is None or not here.country:
            return False
        found = (places.place_of(each.ip_address or "") for each in circumstances.earlier_sessions)
        countries = {place.country for place in found if place and place.country}
        return bool(countries) and here.country not in countries


class ImpossibleTravel:
    """So far from where the person was a moment ago that no aeroplane could have brought them."""

    name = "impossible_travel"
    weight = 40
    sentence = _("a place too far from your last sign-in")
    fastest_km_per_hour = 1000
    nearest_km = 500
    """Databases of places err by as much."""

    def applies(self, circumstances: Circumstances) -> bool:
        """Whether the newest earlier session whose place is known was too far away too lately."""
        here = circumstances.place
        if here is None:
            return False
        for session in circumstances.earlier_sessions:
            there = places.place_of(session.ip_address or "")
            distance = places.distance_km(there, here) if there else None
            if distance is None:
                continue
            hours = max(0.0, (timezone.now() - session.last_seen_at).total_seconds() / 3600)
            return distance > max(self.nearest_km, hours * self.fastest_km_per_hour)
        return False


class ThrottlePressure:
    """Somebody is guessing at the account, and a password was shown on a device that is not one of
    the person's own: it may have been guessed, as a passkey can't be."""

    name = "throttle_pressure"
    weight = 25
    sentence = _("many wrong passwords just before")
    share = 0.25

    def applies(self, circumstances: Circumstances) -> bool:
        """Whether a good part of the tries for the account is used up."""
        return (
            "pwd" in circumstances.amr
            and not circumstances.is_known_device
            and circumstances.throttle_pressure >= self.share
        )


class BreachedPassword:
    """The password is in a list of stolen ones, as the way in has noticed."""

    name = "breached_password"
    weight = 25
    sentence = _("a password that has appeared in a data breach")

    def applies(self, circumstances: Circumstances) -> bool:
        """Whether the way in said so."""
        return self.name in circumstances.signals
