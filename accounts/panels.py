"""What accounts shows on the pages that are put together of panels."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from ostiary import erasure, kept_data, retention, signin_methods
from ostiary.conf import ostiary_settings
from ostiary.models import Session
from ostiary.panels import PRIVACY, SECURITY, Card, Panel, cards, register_card, register_panel

from . import unfinished, unreachable
from .addresses import email_of
from .conf import accounts_settings
from .models import TermsAcceptance


def without_way_in(request: HttpRequest) -> dict[str, Any] | None:
    """Where who can't come back once they sign out sets up how they do."""
    if not unfinished.is_signed_in_without(request):
        return None
    return {"ways": ways_in()}


def ways_in() -> list[dict[str, Any]]:
    """The pages on which a way to sign in is set up, the best first, the password last."""
    ways = signin_methods.instead_of_password()
    return [
        *({"url": reverse(way.setup_url_name), "label": way.setup_label} for way in ways),
        {"url": reverse("ostiary_accounts:recover"), "label": _("Set a password")},
    ]


def _mail(request: HttpRequest) -> dict[str, str] | None:
    return unreachable.note(request.user)


def _ways_in(request: HttpRequest) -> dict[str, Any]:
    return {"cards": cards(request)}


CHANGE_PASSWORD = "change-password"  # noqa: S105
"""In the query of the page it opens the form for a new password."""


def _password(request: HttpRequest) -> Card:
    """The password, with the form that changes it; who has none is sent a link to set one."""
    user: Any = request.user
    if not user.has_usable_password():
        return Card(
            "lock",
            _("Password"),
            _("Not set"),
            _("Set password"),
            reverse("ostiary_accounts:recover"),
            _("We email you a link to set one. You don’t need a password to sign in."),
        )
    return Card(
        "lock",
        _("Password"),
        _("On"),
        _("Change"),
        is_on=True,
        template="ostiary_accounts/panels/password.html",
        is_open=request.method == "POST" or CHANGE_PASSWORD in request.GET,
    )


def _by_email(request: HttpRequest) -> Card | None:
    """Codes and links by email, where the operator lets people sign in by those."""
    if not accounts_settings.PASSWORDLESS_EMAIL or not email_of(request.user):
        return None
    return Card(
        "link",
        _("Sign-in by email"),
        _("On"),
        _("Change email address"),
        reverse("ostiary_accounts:email"),
        _("We email you a code and a link. Either one signs you in."),
        is_on=True,
    )


def _kept(request: HttpRequest) -> dict[str, Any]:
    user: Any = request.user
    return {
        "sessions": Session.objects.filter(user=user, ended_at__isnull=True).count(),
        "terms": TermsAcceptance.objects.filter(user=user).order_by("-accepted_at"),
        "further": kept_data.of(user),
        "event_days": ostiary_settings.EVENT_RETENTION_DAYS,
    }


def _export(request: HttpRequest) -> dict[str, Any]:
    return {}


def _stays(request: HttpRequest) -> dict[str, Any] | None:
    """What would stay; once an erasure is asked for, that says so itself."""
    if erasure.of(request.user) is not None:
        return None
    return {"kept": retention.told_to(request.user)}


def _erasure(request: HttpRequest) -> dict[str, Any]:
    asked = erasure.of(request.user)
    if asked is None:
        return {}
    kept = retention.told_to(request.user)
    return {
        "erasure": asked,
        "holds": [each for each in kept if each.holds],
        "kept": [each for each in kept if not each.holds],
    }


def register() -> None:
    """Called once, when the app is ready."""
    folder = "ostiary_accounts/panels/"
    register_panel(
        SECURITY, "no way in", Panel(f"{folder}unfinished.html", without_way_in, order=-1)
    )
    register_panel(SECURITY, "mail", Panel(f"{folder}mail.html", _mail, order=2))
    register_panel(SECURITY, "ways in", Panel(f"{folder}ways_in.html", _ways_in, order=10))
    register_card("password", _password, order=20)
    register_card("email", _by_email, order=30)
    register_panel(PRIVACY, "kept", Panel(f"{folder}kept.html", _kept, order=10))
    register_panel(PRIVACY, "export", Panel(f"{folder}export.html", _export, order=80))
    register_panel(PRIVACY, "stays", Panel(f"{folder}stays.html", _stays, order=85))
    register_panel(PRIVACY, "erasure", Panel(f"{folder}erasure.html", _erasure, order=90))
