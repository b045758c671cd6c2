"""What a person has allowed an application to do."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from ostiary.ids import uuid7

from ..client_rules import AUDIENCE_MAX_LENGTH
from .client import Client


class Consent(models.Model):
    """A person's consent to one client, for one audience.

    ``audience`` is the resource (RFC 8707) the scopes count for; empty for this server itself. A
    consent for one client, scope or audience never covers another (SECURITY A7).
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="oauth_consents",
        verbose_name=_("user"),
    )
    client = models.ForeignKey(
        Client, on_delete=models.CASCADE, related_name="consents", verbose_name=_("application")
    )
    audience = models.CharField(_("audience"), max_length=AUDIENCE_MAX_LENGTH, blank=True)
    scopes = models.JSONField(_("scopes"), default=list)
    granted_at = models.DateTimeField(_("granted"), auto_now_add=True)
    updated_at = models.DateTimeField(_("changed"), auto_now=True)

    class Meta:
        verbose_name = _("consent")
        verbose_name_plural = _("consents")
        constraints = [
            models.UniqueConstraint(
                fields=["user", "client", "audience"], name="ostiary_oauth_one_consent"
            )
        ]

    def __str__(self) -> str:
        return str(self.id)
