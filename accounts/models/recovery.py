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
