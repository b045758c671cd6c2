"""The terms of use: accepted at sign-up, and again at the next sign-in when their version rises."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from ostiary import branding, events
from ostiary.signin import PendingSignIn

from .conf import accounts_settings
from .models import TermsAcceptance


def current_version() -> str:
    """The version that people have to accept; empty where there are no terms."""
    return accounts_settings.TERMS_VERSION


def sentence() -> SafeString:
    """What a person says who accepts them, with the link to their text."""
    return format_html(
        _("I accept the <a href='{url}' target='_blank' rel='noopener'>terms of use</a>."),
        url=branding.current().terms_url,
    )


def accept(user: Any, version: str, at: datetime | None = None) -> None:
    """Keep that the person has accepted this version; once, however often they say so."""
    with transaction.atomic():
        _kept, new = TermsAcceptance.objects.get_or_create(
            user=user, version=version, defaults={"accepted_at": at or timezone.now()}
        )
        if new:
            events.record("terms.accepted", user=user, details={"version": version})


class TermsStep:
    """A step for ``OSTIARY["SIGNIN_STEPS"]``: who has not accepted the terms is asked."""

    name = "terms"

    def is_required(self, request: HttpRequest, user: Any, pending: PendingSignIn) -> bool:
        """Of those who have not accepted this version, whatever others they have."""
        version = current_version()
        return (
            bool(version)
            and not TermsAcceptance.objects.filter(user=user, version=version).exists()
        )

    def url(self, request: HttpRequest) -> str:
        """Its page."""
        return reverse("ostiary_accounts:terms")


STEP = f"{TermsStep.__module__}.{TermsStep.__qualname__}"
