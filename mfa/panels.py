"""What mfa shows on the page about the security of an account."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from ostiary.device import describe
from ostiary.panels import SECURITY, Panel, register_panel

from . import trusted_devices
from .kinds import all_kinds
from .policy import policy_for


def told(request: HttpRequest) -> dict[str, Any] | None:
    """Each kind that is offered, or that the person has, with their devices of it; ``None`` where
    that is nothing."""
    rows = []
    is_off = policy_for(request.user).is_off
    for kind in all_kinds():
        devices = kind.devices(request.user)
        if devices or (kind.is_offered(request, request.user) and not is_off):
            rows.append(
                {
                    "kind": kind,
                    "devices": devices,
                    "url": reverse(kind.url_name),
                    "told": kind.told(request.user) if kind.told else "",
                }
            )
    if not rows:
        return None
    return {"rows": rows, "protected": any(row["devices"] for row in rows)}


def trusted(request: HttpRequest) -> dict[str, Any] | None:
    """The devices that the person trusts, ``None`` if there are none."""
    here = trusted_devices.of_this_browser(request, request.user)
    devices = [
        {
            "device": device,
            "name": describe(device.user_agent),
            "here": here is not None and device.pk == here.pk,
        }
        for device in trusted_devices.devices_of(request.user)
    ]
    return {"devices": devices} if devices else None


def register() -> None:
    """Called once, when the app is ready."""
    folder = "ostiary_mfa/panels/"
    register_panel(SECURITY, "factors", Panel(f"{folder}factors.html", told, order=30))
    register_panel(
        SECURITY, "trusted_devices", Panel(f"{folder}trusted_devices.html", trusted, order=40)
    )
