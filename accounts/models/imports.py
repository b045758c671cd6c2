"""What is kept of accounts that came from another system."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class ImportedIdentity(models.Model):
    """Who someone was in the system that they came from.

    By it an import that is run again knows whom it has taken over, and applications that knew
    people by their old ``sub`` can be told the new one.
    """

    source = models.CharField(_("source"), max_length=50)
    external_id = models.CharField(_("external ID"), max_length=255)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="+",
        verbose_name=_("user"),
    )
    imported_at = models.DateTimeField(_("imported"), default=timezone.now)
    made_account = models.BooleanField(
        _("created the account"), default=False, db_default=False, editable=False
    )
    """Whether the account came with it; else there was one here before, with the same address."""
    password_mark = models.CharField(
        max_length=64, blank=True, default="", db_default="", editable=False
    )
    """By which the hash that came is known again, as long as the account keeps that password: of
    whose own choice it is, and whether it has changed there since. Empty if it keeps none."""
    password_ended = models.BooleanField(default=False, db_default=False, editable=False)
    """Whether that password has ended there, and so here."""

    class Meta:
        verbose_name = _("imported identity")
        verbose_name_plural = _("imported identities")
        constraints = [
            models.UniqueConstraint(
                fields=["source", "external_id"], name="ostiary_accounts_identity_once"
            ),
            models.UniqueConstraint(
                fields=["user", "source"], name="ostiary_accounts_identity_of_one"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source}: {self.external_id}"


class ImportedHashKind(models.Model):
    """An algorithm, with its cost, of password hashes that came from elsewhere.

    As long as there may be such hashes, a failed sign-in computes one of each kind (``even_work``).
    """

    kind = models.CharField(max_length=64, unique=True)

    def __str__(self) -> str:
        return self.kind
