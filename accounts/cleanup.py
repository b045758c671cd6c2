"""Removing what has had its time, in batches, while the site serves (SECURITY H14)."""

from __future__ import annotations

from datetime import timedelta

from django.contrib.auth import get_user_model
from django.db import models
from django.utils import timezone

from ostiary.cleanup import BATCH, MOST_BATCHES, remove
from ostiary.conf import ostiary_settings

from . import support
from .models import (
    FactorRecovery,
    ImportedHashKind,
    Invitation,
    MailedCode,
    MailedLink,
    NotMeLink,
    PendingRegistration,
    RecoveryToken,
    SupportCase,
)

ENDED_INVITATIONS_DAYS = 30
"""For so long after its link has expired an operator sees what became of an invitation."""


def remove_expired_registrations(batch: int = BATCH, most: int = MOST_BATCHES) -> int:
    """Delete registrations that nobody can confirm any more; returns how many."""
    return _remove_expired(PendingRegistration, batch, most)


def remove_expired_recoveries(batch: int = BATCH, most: int = MOST_BATCHES) -> int:
    """Delete recovery links that have expired; returns how many."""
    return _remove_expired(RecoveryToken, batch, most)


def remove_expired_not_me_links(batch: int = BATCH, most: int = MOST_BATCHES) -> int:
    """Delete links “This wasn’t me” that have expired; returns how many."""
    return _remove_expired(NotMeLink, batch, most)


def remove_expired_links(batch: int = BATCH, most: int = MOST_BATCHES) -> int:
    """Delete other mailed links that have expired; returns how many."""
    return _remove_expired(MailedLink, batch, most)


def remove_ended_invitations() -> int:
    """Forget invitations that were accepted, withdrawn or left to expire long ago."""
    limit = timezone.now() - timedelta(days=ENDED_INVITATIONS_DAYS)
    return remove(Invitation.objects.filter(expires_at__lt=limit))


def remove_expired_codes(batch: int = BATCH, most: int = MOST_BATCHES) -> int:
    """Delete mailed codes that have expired; returns how many."""
    return _remove_expired(MailedCode, batch, most)


def forget_hash_kinds() -> int:
    """Forget the kinds of imported hashes that nobody has any more; returns how many.

    While someone has one, the first that is found is enough; after the last, it is asked once.
    """
    forgotten = 0
    for known in ImportedHashKind.objects.all():
        held = get_user_model()._base_manager.filter(password__startswith=f"{known.kind}$")
        if not held.exists():
            forgotten += known.delete()[0]
    return forgotten


def remove_past_factor_recoveries(batch: int = BATCH, most: int = MOST_BATCHES) -> int:
    """Delete recoveries that nobody finished in time; returns how many."""
    return _remove_expired(FactorRecovery, batch, most)


def remove_closed_cases() -> int:
    """Close cases of the operators that ran out, and forget those whose story is not kept any more.

    Returns how many are forgotten.
    """
    support.expire(SupportCase.objects.all())
    limit = timezone.now() - timedelta(days=ostiary_settings.EVENT_RETENTION_DAYS)
    closed = SupportCase.objects.exclude(state=SupportCase.State.OPEN)
    return remove(closed.filter(expires_at__lt=limit))


def _remove_expired(model: type[models.Model], batch: int, most: int) -> int:
    """At most ``most`` batches of ``batch`` rows."""
    removed = 0
    expired = model._default_manager.filter(expires_at__lte=timezone.now()).order_by("expires_at")
    for _ in range(most):
        keys = list(expired.values_list("pk", flat=True)[:batch])
        if not keys:
            break
        # Asked again, because a newer link may have taken the place of an expired one.
        removed += expired.filter(pk__in=keys).order_by().delete()[0]
    return removed
