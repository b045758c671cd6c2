"""What oauth shows on the overview of an account."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.translation import get_language

from ostiary.panels import OVERVIEW, Panel, register_panel

from .application_ahead import logo
from .connected import clients_of

FIRST = 4
"""So many applications are shown."""


def told(request: HttpRequest) -> dict[str, Any]:
    """The applications that the person has connected: how many, and the first by name (one
    statement)."""
    language = get_language() or ""
    known = [(client.name_in(language), logo(client)) for client in clients_of(request.user)]
    known.sort(key=lambda each: each[0].casefold())
    shown = [{"name": name, "logo": address} for name, address in known[:FIRST]]
    return {"count": len(known), "more": len(known) - len(shown), "applications": shown}


def register() -> None:
    """Called once, when the app is ready."""
    folder = "ostiary_oauth/panels/"
    register_panel(OVERVIEW, "applications", Panel(f"{folder}applications.html", told, order=20))
