"""Who gets codes by email for their second step."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from .device import FactorDevice


class EmailDevice(FactorDevice):
    """The person's verified addresses, as they are when a code is sent: none is kept here."""

    amr = "email"

    class Meta:
        verbose_name = _("email code device")
        verbose_name_plural = _("email code devices")
        constraints = [
            models.UniqueConstraint(fields=["user"], name="ostiary_mfa_one_email_device"),
        ]

    def accepts(self, code: str) -> bool:
        """Never: a code counts only in the browser that asked for it. See ``sent_code.redeem``."""
        return False
