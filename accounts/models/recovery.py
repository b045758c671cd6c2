"""Ways back in."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class RecoveryToken(models.Model):
    """The one live recovery link of a person; a newer one takes its place.

    ``credential_hash`` is made of the password hash and the address that it was sent to: when
    either changes, the link is dead.
    """

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="+",
        primary_key=True,
    )
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    credential_hash = models.CharField(max_length=64, editable=False)
    next_url = models.TextField(blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name = _("recovery link")
        verbose_name_plural = _("recovery links")

    def __str__(self) -> str:
        return str(self.pk)


class FactorRecovery(models.Model):
    """A person waits to get in without their second factor: at most one row each.

    Until ``ready_at`` nothing can be done but to stop it; from then until ``expires_at`` a mailed
    link removes the lost factors. ``told_at`` is when the person was last told of it.
    """

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="+",
        primary_key=True,
        verbose_name=_("user"),
    )
    begun_at = models.DateTimeField(_("started"))
    ready_at = models.DateTimeField(_("available from"))
    expires_at = models.DateTimeField(_("available until"), db_index=True)
    told_at = models.DateTimeField(_("last notified"), db_index=True)

    class Meta:
        verbose_name = _("recovery without two-step verification")
        verbose_name_plural = _("recoveries without two-step verification")

    def __str__(self) -> str:
        return str(self.pk)

    @property
    def is_ready(self) -> bool:
        """Whether the waiting time is over."""
        return timezone.now() >= self.ready_at
