"""The terms of use that people have accepted."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

VERSION_MAX_LENGTH = 40


class TermsAcceptance(models.Model):
    """A person has accepted a version of the terms, and when."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("user"),
        on_delete=models.CASCADE,
        related_name="+",
    )
    version = models.CharField(_("version"), max_length=VERSION_MAX_LENGTH)
    accepted_at = models.DateTimeField(_("accepted"))

    class Meta:
        verbose_name = _("terms acceptance")
        verbose_name_plural = _("terms acceptances")
        constraints = [
            models.UniqueConstraint(
                fields=["user", "version"], name="ostiary_accounts_terms_accepted_once"
            )
        ]

    def __str__(self) -> str:
        return self.version
