"""What mfa shows on the page about the security of an account."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ostiary import factors
from ostiary.panels import SECURITY, Card, Panel, register_panel

from . import trusted_devices
from .kinds import Kind, all_kinds
from .policy import policy_for


def told(request: HttpRequest) -> dict[str, Any] | None:
    """A card for each kind that is offered, or that the person has, and for the devices that they
    trust; ``None`` where that is nothing."""
    user: Any = request.user
    is_off = policy_for(user).is_off
    found = [(kind, kind.devices(user)) for kind in all_kinds()]
    shown = [
        _card(kind, devices, user)
        for kind, devices in found
        if devices or (kind.is_offered(request, user) and not is_off)
    ]
    trusting = trusted(user)
    if not shown and trusting is None:
        return None
    return {
        "cards": [*shown, trusting] if trusting else shown,
        "is_on": any(devices for kind, devices in found if kind.alone),
        "has_strong": factors.has_strong(user),
    }


def _card(kind: Kind, devices: list[Any], user: Any) -> Card:
    page = reverse(kind.url_name)
    if not devices:
        return Card(kind.icon, kind.label, _("Off"), kind.action, page, kind.about)
    names = ", ".join(device.name for device in devices if device.name)
    used = max((device.last_used_at for device in devices if device.last_used_at), default=None)
    state = kind.told(user) if kind.told else _("On")
    if used and not kind.told:
        date = date_format(localtime(used), "DATE_FORMAT")
        state = _("On, last used on %(date)s") % {"date": date}
    return Card(kind.icon, kind.label, state, _("Manage"), page, names, is_on=True)


def trusted(user: Any) -> Card | None:
    """How many devices the person trusts, ``None`` if there are none."""
    number = len(trusted_devices.devices_of(user))
    if not number:
        return None
    return Card(
        "devices",
        _("Trusted devices"),
        ngettext("%(number)d device", "%(number)d devices", number) % {"number": number},
        _("Manage"),
        reverse("ostiary_mfa:trusted_devices"),
        _("We don’t ask for two-step verification there."),
        is_on=True,
    )


def register() -> None:
    """Called once, when the app is ready."""
    register_panel(SECURITY, "factors", Panel("ostiary_mfa/panels/factors.html", told, order=30))
