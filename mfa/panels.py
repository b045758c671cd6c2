"""What mfa shows on the page about the security of an account."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from ostiary.panels import SECURITY, Panel, register_panel

from .kinds import all_kinds


def told(request: HttpRequest) -> dict[str, Any]:
    """Each kind that is offered, or that the person has, with their devices of it."""
    rows = []
    for kind in all_kinds():
        devices = kind.devices(request.user)
        if devices or kind.is_offered(request):
            rows.append(
                {
                    "kind": kind,
                    "devices": devices,
                    "url": reverse(kind.url_name),
                    "told": kind.told(request.user) if kind.told else "",
                }
            )
    return {"rows": rows, "protected": any(row["devices"] for row in rows)}


def register() -> None:
    """Called once, when the app is ready."""
    register_panel(SECURITY, "factors", Panel("ostiary_mfa/panels/factors.html", told, order=30))
