"""Second factors that one operator wants removed, and another has to approve."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ..encryption import EncryptedTextField
from ..ids import uuid7


class FactorReset(models.Model):
    """It waits; approving or stopping it deletes the row, so it is used once.

    ``factor`` is the key of the one to remove (``ostiary.factors``), empty for all of them, and
    ``permission`` what both operators need.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("user"),
        on_delete=models.CASCADE,
        related_name="+",
    )
    factor = models.CharField(max_length=200, blank=True, editable=False)
    permission = models.CharField(max_length=200, editable=False)
    reason = EncryptedTextField(editable=False)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("requested by"),
        on_delete=models.CASCADE,
        related_name="+",
    )
    requested_at = models.DateTimeField(_("requested"), default=timezone.now)
    expires_at = models.DateTimeField(_("expires"), db_index=True)

    class Meta:
        verbose_name = _("pending factor removal")
        verbose_name_plural = _("pending factor removals")
        ordering = ["requested_at"]
        constraints = [
            models.UniqueConstraint(fields=["user", "factor"], name="ostiary_one_factor_reset"),
            models.CheckConstraint(
                condition=~Q(requested_by=F("user")), name="ostiary_nobodys_own_factor_reset"
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)
