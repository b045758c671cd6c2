"""Authenticator apps as a second factor: set up, shown, replaced."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ostiary import second_step

from . import changes, kinds
from .guessing import guess
from .models import AuthenticatorApp

LIFETIME = timedelta(hours=1)
"""So long a key that was shown waits for its first code."""
SESSION_KEY = "ostiary_mfa.new_app"

KIND = kinds.Kind(
    name="app",
    label=_("Authenticator app"),
    about=_("An app on your phone shows a new code every 30 seconds, even offline."),
    url_name="ostiary_mfa:app",
    model=AuthenticatorApp,
    icon="phone",
    order=20,
)


def register() -> None:
    """Called once, when the app is ready."""
    kinds.register(KIND)
    second_step.register(
        second_step.Challenge(
            KIND.name,
            _("Authenticator code"),
            "ostiary_mfa:app_challenge",
            offered_to=lambda request, user: bool(KIND.devices(user)),
            order=20,
        )
    )


def begin(request: HttpRequest, user: Any, replaces: int | None = None) -> AuthenticatorApp:
    """Make a key for this browser to confirm; one that waits already is thrown away."""
    with transaction.atomic():
        AuthenticatorApp._default_manager.filter(user=user, confirmed=False).delete()
        device: AuthenticatorApp = AuthenticatorApp._default_manager.create(
            user=user, key=AuthenticatorApp.new_key()
        )
    request.session[SESSION_KEY] = {"device": device.pk, "replaces": replaces}
    return device


def begun(request: HttpRequest, user: Any, replaces: int | None = None) -> AuthenticatorApp:
    """The key that this browser was shown for the same purpose, if it still waits, or another: so
    that the page can be loaded anew while the app has the key already."""
    found = waiting(request, user) if replaced(request) == replaces else None
    return found or begin(request, user, replaces)


def replaced(request: HttpRequest) -> int | None:
    """The id of the one in whose place the key of this browser is to be, ``None`` for none."""
    kept: dict[str, int | None] = request.session.get(SESSION_KEY, {})
    return kept.get("replaces")


def waiting(request: HttpRequest, user: Any) -> AuthenticatorApp | None:
    """The one that this browser is to confirm, ``None`` if there is none or its time is over."""
    kept = request.session.get(SESSION_KEY, {})
    own = AuthenticatorApp._default_manager.filter(
        pk=kept.get("device"),
        user=user,
        confirmed=False,
        created_at__gt=timezone.now() - LIFETIME,
    )
    found: AuthenticatorApp | None = own.first()
    return found


def confirm(request: HttpRequest, device: AuthenticatorApp, code: str, *, name: str = "") -> bool:
    """Have it count from now on, by this name, if the code is its own; it takes the place of the
    one that it was begun for. Raises ``Throttled``.

    The code is used up: it does not also pass a second step (SECURITY D1).
    """
    user = device.user
    if not guess(user, lambda: device.accepts(code), request):
        return False
    kept = request.session.pop(SESSION_KEY, {})
    with transaction.atomic():
        waits = AuthenticatorApp._default_manager.filter(pk=device.pk, confirmed=False)
        if not waits.update(confirmed=True, name=name):
            return False
        changes.added(request, user, KIND)
        for old in KIND.devices(user):
            if old.pk == kept.get("replaces"):
                changes.remove(request, old, KIND)
    device.confirmed, device.name = True, name
    return True


def digits(user: Any) -> int | None:
    """How many the codes of the person's apps have, ``None`` where they differ."""
    found = {device.digits for device in KIND.devices(user)}
    return found.pop() if len(found) == 1 else None


def shown(request: HttpRequest, user: Any, code: str) -> AuthenticatorApp | None:
    """The person's app whose code this is, which is used up by it. Raises ``Throttled``."""

    def look() -> AuthenticatorApp | None:
        # Each is looked at, so that it takes as long whichever it is.
        found = [device for device in KIND.devices(user) if device.accepts(code)]
        return found[0] if found else None

    return guess(user, look, request)
