"""What mfa shows on the page about the security of an account."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from ostiary.panels import SECURITY, Panel, register_panel

from .kinds import all_kinds
from .policy import policy_for


def told(request: HttpRequest) -> dict[str, Any] | None:
    """Each kind that is offered, or that the person has, with their devices of it; ``None`` where
    that is nothing."""
    rows = []
    is_off = policy_for(request.user).is_off
    for kind in all_kinds():
        devices = kind.devices(request.user)
        if devices or (kind.is_offered(request) and not is_off):
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


def register() -> None:
    """Called once, when the app is ready."""
    register_panel(SECURITY, "factors", Panel("ostiary_mfa/panels/factors.html", told, order=30))
