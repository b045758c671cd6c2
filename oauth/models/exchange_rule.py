"""Which client may exchange which tokens."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from ostiary.ids import uuid7

from .client import Client


class ExchangeRule(models.Model):
    """A client may exchange a token of ours for one of another audience (RFC 8693)."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    client = models.ForeignKey(
        Client,
        on_delete=models.CASCADE,
        related_name="exchange_rules",
        verbose_name=_("application"),
        help_text=_("The application that may exchange."),
    )
    subject_audience = models.CharField(
        _("from audience"), max_length=500, help_text=_("Audience of the token to exchange.")
    )
    target_audience = models.CharField(
        _("to audience"), max_length=500, help_text=_("Audience of the new token.")
    )
    scopes = models.JSONField(
        _("scopes"), default=list, blank=True, help_text=_("Maximum scopes of the new token.")
    )
    delegation = models.BooleanField(
        _("delegation"),
        default=True,
        help_text=_("The new token names the application as the actor (act)."),
    )
    actor_tokens = models.BooleanField(
        _("others may act"),
        default=False,
        db_default=False,
        help_text=_(
            "With delegation: the actor may be any user or service whose token was issued to the "
            "application (actor_token), not only the application itself."
        ),
    )
    lifetime = models.PositiveIntegerField(
        _("lifetime"), default=300, help_text=_("Maximum lifetime of the new token in seconds.")
    )

    class Meta:
        verbose_name = _("exchange rule")
        verbose_name_plural = _("exchange rules")
        constraints = [
            models.UniqueConstraint(
                fields=["client", "subject_audience", "target_audience"],
                name="ostiary_oauth_one_exchange_rule",
            )
        ]

    def __str__(self) -> str:
        return f"{self.subject_audience} → {self.target_audience}"
