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
        help_text=_("Who may exchange."),
    )
    subject_audience = models.CharField(
        _("from audience"), max_length=500, help_text=_("Of the token that it brings.")
    )
    target_audience = models.CharField(
        _("to audience"), max_length=500, help_text=_("Of the token that it gets.")
    )
    scopes = models.JSONField(
        _("scopes"), default=list, blank=True, help_text=_("The most that it gets.")
    )
    delegation = models.BooleanField(
        _("delegation"),
        default=True,
        help_text=_("The new token names the application as the one that acts (act)."),
    )
    actor_tokens = models.BooleanField(
        _("others may act"),
        default=False,
        db_default=False,
        help_text=_(
            "With delegation: who acts may be any person or service whose token was issued to the "
            "application (actor_token), and not only the application itself."
        ),
    )
    lifetime = models.PositiveIntegerField(
        _("lifetime"), default=300, help_text=_("Seconds that the new token lives, at most.")
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
