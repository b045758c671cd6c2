"""What accounts tells on the overview: how it protects the person, where they are signed in, and
when they last signed in."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from ostiary import assurance, events, places, protection, sessions
from ostiary.device import describe
from ostiary.models import Session
from ostiary.panels import OVERVIEW, Panel, register_panel
from ostiary.protection import Advice, Fact, Order, Report

from . import unfinished, unreachable
from .panels import ways_in

LATEST = 3
"""So many devices and sign-ins are shown."""
ACTIVE = timedelta(minutes=5)
"""Whatever was used since is in use now: the register notes no single minute."""


def _protection(request: HttpRequest) -> Report:
    user: Any = request.user
    usable = user.has_usable_password()
    value = _("Set") if usable else _("Not set")
    locked_out = unfinished.is_signed_in_without(request)
    url = reverse("ostiary_accounts:security")
    report = Report([Fact(_("Password"), value, url, is_good=not locked_out)])
    if locked_out:
        reason = _("You have neither a passkey nor a password. If you sign out, you’re locked out.")
        links = tuple((way["label"], way["url"]) for way in ways_in())
        title = _("Choose how you sign in")
        report.advice.append(Advice(Order.NO_WAY_IN, title, reason, links))
    if note := unreachable.note(user):
        change = (_("Check your email address"), reverse("ostiary_accounts:email"))
        title = _("Our emails don’t reach you")
        report.advice.append(Advice(Order.EMAIL_FAILS, title, note["words"], (change,)))
    return report


def _devices(request: HttpRequest) -> dict[str, Any]:
    """Where they are signed in: this device first, then the ones used last (one statement)."""
    current = assurance.current(request)
    here, now = current.sid if current else "", timezone.now()
    user: Any = request.user
    found = Session.objects.filter(user=user, ended_at__isnull=True).order_by("-last_seen_at")
    live = [each for each in found if now < min(sessions.limits_of(each))]
    live.sort(key=lambda each: str(each.pk) != here)
    shown = [
        {
            "name": describe(each.user_agent),
            "place": places.in_words(each.ip_address or ""),
            "seen": each.last_seen_at,
            "here": str(each.pk) == here,
            "active": now - each.last_seen_at < ACTIVE,
        }
        for each in live[:LATEST]
    ]
    return {"count": len(live), "devices": shown}


def _sign_ins(request: HttpRequest) -> dict[str, Any]:
    """The last sign-ins that succeeded (two statements: the log's name for them, and the log)."""
    last = events.of(request.user).filter(kind="signin.succeeded").order_by("-id")[:LATEST]
    told = [(event, events.personal_details(event)) for event in last]
    return {
        "sign_ins": [
            {
                "at": event.at,
                "device": describe(details.get("user_agent", "")),
                "place": places.in_words(details.get("ip", "")),
            }
            for event, details in told
        ]
    }


def register() -> None:
    """Called once, when the app is ready."""
    protection.register("accounts", _protection, order=10)
    folder = "ostiary_accounts/panels/"
    register_panel(OVERVIEW, "devices", Panel(f"{folder}devices.html", _devices, order=10))
    register_panel(OVERVIEW, "sign-ins", Panel(f"{folder}sign_ins.html", _sign_ins, order=90))
