"""What is kept of the applications that a person uses, why and until when, in words for them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext as _

from ostiary.kept_data import KeptData, has

from .models import Client, Consent


def own(user: Any) -> Iterable[KeptData]:
    """What they allowed applications, and those that they registered."""
    if has(Consent, user):
        yield KeptData(
            _("Your permissions for applications"),
            _("To give each application what you allowed, without asking you every time."),
            _("Kept until you remove access."),
            "ostiary_oauth:applications",
        )
    if has(Client, user):
        yield KeptData(
            _("Your own applications"),
            _("So people can sign in to them."),
            _("Kept until you delete them."),
            "ostiary_oauth:own_clients",
        )
