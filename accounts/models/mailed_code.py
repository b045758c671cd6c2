"""Codes that are mailed."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ostiary.ids import uuid7

from ..addresses import MAX_LENGTH


class MailedCode(models.Model):
    """A code that somebody asked for in one browser, whose session holds the row's key.

    It is written for any address, and only a worker looks whether mail goes to it; where none does,
    the hashes stay empty. ``credential_hash`` is made of the password hash and the address that it
    was sent to. ``context`` is what the sign-in is to go on with, and what is told in another
    browser of the one that asked.
    """

    class Purpose(models.TextChoices):
        """What the code is for; one for another is refused."""

        SIGNIN = "signin", _("to sign in")
        CHALLENGE = "challenge", _("instead of proof of work")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    purpose = models.CharField(max_length=10, choices=Purpose.choices)
    form = models.CharField(max_length=20, blank=True)
    address = models.CharField(max_length=MAX_LENGTH)
    code_hash = models.CharField(max_length=64, blank=True, editable=False)
    token_hash = models.CharField(max_length=64, null=True, unique=True, editable=False)
    credential_hash = models.CharField(max_length=64, blank=True, editable=False)
    tries = models.PositiveSmallIntegerField(default=0)
    context: Any = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name = _("code sent by email")
        verbose_name_plural = _("codes sent by email")

    def __str__(self) -> str:
        return str(self.id)
