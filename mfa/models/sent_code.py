"""Codes that are under way, by text message or by mail."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ostiary.ids import uuid7

from .phone import Phone
from .text_message import TextMessage


class SentCode(models.Model):
    """A code that one browser asked for: its session holds the row's key.

    ``bound_to`` names, hashed, the sign-in in progress or the session that asked, and whose code it
    is is asked again when it is used.
    """

    class Channel(models.TextChoices):
        """How it was sent."""

        SMS = "sms", _("text message")
        EMAIL = "email", _("email")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", editable=False
    )
    channel = models.CharField(max_length=5, choices=Channel.choices)
    purpose = models.CharField(max_length=10)
    phone = models.ForeignKey(Phone, on_delete=models.CASCADE, null=True, related_name="+")
    text_message = models.ForeignKey(
        TextMessage, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    bound_to = models.CharField(max_length=64, editable=False)
    code_hash = models.CharField(max_length=64, editable=False)
    tries = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name = _("sent code")
        verbose_name_plural = _("sent codes")

    def __str__(self) -> str:
        return str(self.id)
