"""What passkeys shows on the page about the security of an account."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from ostiary.panels import SECURITY, Panel, register_panel

from .models import Credential


def told(request: HttpRequest) -> dict[str, Any]:
    """The person's passkeys."""
    user: Any = request.user
    return {"passkeys": Credential.objects.filter(user=user)}


def register() -> None:
    """Called once, when the app is ready. Passkeys stand first: they are what we recommend."""
    register_panel(SECURITY, "passkeys", Panel("ostiary_passkeys/panels/passkeys.html", told, 5))
