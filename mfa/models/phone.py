"""Telephones that get codes by text message."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ostiary.encryption import EncryptedTextField

from .device import FactorDevice


class Phone(FactorDevice):
    """A number of the person's, in E.164, encrypted; ``number_hash`` finds it again.

    It gets codes once it is confirmed and ``usable_from`` has come: a number that takes another's
    place waits, and the old one holds as long. ``name`` is the number as it is shown.
    """

    number = EncryptedTextField(editable=False)
    number_hash = models.CharField(max_length=64, db_index=True, editable=False)
    country = models.CharField(_("country"), max_length=2)
    ending = models.CharField(_("number ends in"), max_length=4)
    usable_from = models.DateTimeField(_("gets codes from"), null=True, blank=True)

    amr = "sms"

    class Meta:
        verbose_name = _("phone number")
        verbose_name_plural = _("phone numbers")

    def accepts(self, code: str) -> bool:
        """Never: a code counts only in the browser that asked for it (SECURITY D2), which a device
        of django-otp can't see. See ``sent_code.redeem``."""
        return False


class RemovedPhone(models.Model):
    """The number in use that a person removed last: another one waits as if it took its place, so
    that nobody gets round the waiting time by removing one and adding another."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", primary_key=True
    )
    number_hash = models.CharField(max_length=64, editable=False)
    removed_at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        verbose_name = _("removed phone number")
        verbose_name_plural = _("removed phone numbers")

    def __str__(self) -> str:
        return str(self.pk)
