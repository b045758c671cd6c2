"""What passkeys shows on the page about the security of an account."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Max
from django.http import HttpRequest
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ostiary.panels import Card, register_card

from .models import Credential


def told(request: HttpRequest) -> Card:
    """How many passkeys the person has, and when one was used last."""
    user: Any = request.user
    own = Credential.objects.filter(user=user).aggregate(
        number=Count("pk"), used=Max("last_used_at")
    )
    number, used = own["number"], own["used"]
    page = reverse("ostiary_passkeys:passkeys")
    if not number:
        return Card(
            "passkey",
            _("Passkeys"),
            _("None"),
            _("Add passkey"),
            page,
            _("Sign in with your fingerprint, face or screen lock. The safest way to sign in."),
        )
    state = ngettext("%(number)d passkey", "%(number)d passkeys", number)
    if used:
        state = ngettext(
            "%(number)d passkey, last used on %(date)s",
            "%(number)d passkeys, last used on %(date)s",
            number,
        )
    date = date_format(localtime(used), "DATE_FORMAT") if used else ""
    return Card(
        "passkey",
        _("Passkeys"),
        state % {"number": number, "date": date},
        _("Manage"),
        page,
        is_on=True,
    )


def register() -> None:
    """Called once, when the app is ready. Passkeys stand first: they are what we recommend."""
    register_card("passkeys", told, order=10)
