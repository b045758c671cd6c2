"""Accounts that are asked for."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ostiary.ids import uuid7

from ..addresses import MAX_LENGTH


class PendingRegistration(models.Model):
    """Someone asked for an account and has not yet shown that the address is theirs.

    No account exists before that, so whoever signs up with another person's address has made
    nothing that its owner could later walk into (SECURITY H11). Several may wait for one address:
    a stranger's does not get into the way of the owner's. ``token_hash`` is what the mailed link's
    token hashes to, ``code_hash`` what the code of the same mail does, of which ``code_tries`` have
    been tried; ``password`` is a password hash, of which a person whose link opens in another
    browser must show the password. ``sent_at`` is when the newest mail was written.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    code_hash = models.CharField(max_length=64, default="", db_default="", editable=False)
    code_tries = models.PositiveSmallIntegerField(default=0, db_default=0, editable=False)
    email = models.EmailField(max_length=MAX_LENGTH)
    name = models.CharField(max_length=200, blank=True)
    password = models.CharField(max_length=128)
    next_url = models.TextField(blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    sent_at = models.DateTimeField(default=timezone.now, db_default=Now(), editable=False)
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name = _("pending registration")
        verbose_name_plural = _("pending registrations")

    def __str__(self) -> str:
        return str(self.id)
