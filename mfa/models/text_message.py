"""Text messages that were sent: how many, where to, and what became of them."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ostiary.ids import uuid7


class TextMessage(models.Model):
    """One message. Neither what it said nor the number it went to is kept.

    ``reason`` says why it failed, in the gateway's words or ours, without anything personal.
    """

    class State(models.TextChoices):
        """How far it has come."""

        QUEUED = "queued", _("waiting")
        SENDING = "sending", _("being sent")
        SENT = "sent", _("sent")
        DELIVERED = "delivered", _("delivered")
        FAILED = "failed", _("failed")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("user"),
    )
    country = models.CharField(_("country"), max_length=2)
    ending = models.CharField(_("number ends in"), max_length=4, blank=True)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.QUEUED)
    reason = models.CharField(_("reason"), max_length=100, blank=True)
    name_at_gateway = models.CharField(_("ID at the gateway"), max_length=100, blank=True)
    created_at = models.DateTimeField(_("created"), default=timezone.now, db_index=True)

    class Meta:
        verbose_name = _("text message")
        verbose_name_plural = _("text messages")
        ordering = ["-id"]

    def __str__(self) -> str:
        return str(self.id)
