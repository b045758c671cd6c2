"""Removing what has had its time, in batches, while the site serves (SECURITY H14)."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from ostiary.cleanup import remove

from .app_factor import LIFETIME
from .models import AuthenticatorApp, Phone, SentCode, TextMessage, TrustedDevice

TEXT_MESSAGES_DAYS = 90
"""For so long an operator sees how many messages went where."""


def remove_unconfirmed_apps() -> int:
    """Forget keys that were shown and never confirmed; returns how many."""
    limit = timezone.now() - LIFETIME
    return remove(AuthenticatorApp._default_manager.filter(confirmed=False, created_at__lt=limit))


def remove_unconfirmed_phones() -> int:
    """Forget numbers whose code nobody entered; returns how many."""
    limit = timezone.now() - LIFETIME
    return remove(Phone._default_manager.filter(confirmed=False, created_at__lt=limit))


def remove_expired_codes() -> int:
    """Delete codes that have expired; returns how many."""
    return remove(SentCode.objects.filter(expires_at__lte=timezone.now()))


def remove_past_trust() -> int:
    """Forget trusted devices whose days are over; returns how many."""
    return remove(TrustedDevice.objects.filter(expires_at__lte=timezone.now()))


def remove_old_text_messages() -> int:
    """Forget text messages of long ago; returns how many."""
    limit = timezone.now() - timedelta(days=TEXT_MESSAGES_DAYS)
    return remove(TextMessage.objects.filter(created_at__lt=limit))
