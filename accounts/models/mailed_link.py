"""Links that are mailed to a person and let their reader do something once."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ostiary.ids import uuid7

from ..addresses import MAX_LENGTH


class MailedLink(models.Model):
    """What a link that was mailed to a person lets its reader do, once.

    ``token_hash`` is what the link's token hashes to; ``email`` the address that it is about.
    Where there is a ``credential_hash``, made of the password hash and the person's address, the
    link is dead when either changes.
    """

    class Purpose(models.TextChoices):
        CHANGE_EMAIL = "change_email"
        UNDO_EMAIL = "undo_email"
        BEGIN_FACTOR_RECOVERY = "begin_factor_recovery"
        STOP_FACTOR_RECOVERY = "stop_factor_recovery"
        FINISH_FACTOR_RECOVERY = "finish_factor_recovery"
        FINISH_SUPPORT_CASE = "finish_support_case"
        STOP_SUPPORT_CASE = "stop_support_case"
        KEEP_ACCOUNT = "keep_account"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    purpose = models.CharField(max_length=32)
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    credential_hash = models.CharField(max_length=64, blank=True, editable=False)
    email = models.EmailField(max_length=MAX_LENGTH, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name = _("link sent by email")
        verbose_name_plural = _("links sent by email")

    def __str__(self) -> str:
        return str(self.id)
