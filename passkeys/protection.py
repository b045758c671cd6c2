"""What passkeys tells of how well an account is protected."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ostiary import protection
from ostiary.protection import Advice, Fact, Order, Report

from .models import Credential


def report(request: HttpRequest) -> Report:
    """The person's passkeys; a first one is advised, and a second where one is all they have (one
    statement)."""
    user: Any = request.user
    own = list(Credential.objects.filter(user=user))
    url = reverse("ostiary_passkeys:passkeys")
    number = len(own)
    value = ngettext("%d passkey", "%d passkeys", number) % number if own else _("None")
    told = Report([Fact(_("Passkeys"), value, url, is_good=bool(own))], is_strong=bool(own))
    if not own:
        told.advice.append(
            Advice(
                Order.PASSKEY,
                _("Add a passkey."),
                _("Sign in with your fingerprint, face or screen lock. Passkeys can’t be phished."),
                ((_("Add a passkey"), url),),
            )
        )
    elif number == 1 and not own[0].backed_up and not user.has_usable_password():
        told.advice.append(
            Advice(
                Order.ANOTHER_PASSKEY,
                _("Add a second passkey."),
                _("Your only passkey is on one device. If you lose it, a second one lets you in."),
                ((_("Add a passkey"), url),),
            )
        )
    return told


def register() -> None:
    """Called once, when the app is ready."""
    protection.register("passkeys", report, order=20)
