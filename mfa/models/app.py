"""Authenticator apps: time-based one-time codes (RFC 6238)."""

from __future__ import annotations

import secrets
from base64 import b32encode
from typing import Any
from urllib.parse import quote, urlencode

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ostiary import branding
from ostiary.email_addresses import for_people
from ostiary.encryption import EncryptedBinaryField

from .. import oath
from ..typed_code import normal
from .device import FactorDevice


class AuthenticatorApp(FactorDevice):
    """A key that the person's app and we share, and the last time step whose code was used."""

    class Algorithm(models.TextChoices):
        """The hash function, as ``otpauth`` addresses name it."""

        SHA1 = "SHA1", "SHA-1"
        SHA256 = "SHA256", "SHA-256"
        SHA512 = "SHA512", "SHA-512"

    key = EncryptedBinaryField()
    algorithm = models.CharField(
        _("hash function"), max_length=6, choices=Algorithm.choices, default=Algorithm.SHA1
    )
    digits = models.PositiveSmallIntegerField(_("digits"), choices=[(6, "6"), (8, "8")], default=6)
    period = models.PositiveSmallIntegerField(_("seconds per code"), default=oath.PERIOD_SECONDS)
    drift = models.SmallIntegerField(_("clock drift in steps"), default=0)
    last_t = models.BigIntegerField(default=-1, editable=False)

    amr = "otp"

    class Meta:
        verbose_name = _("authenticator app")
        verbose_name_plural = _("authenticator apps")

    @staticmethod
    def new_key() -> bytes:
        """A key from the system's random source: 160 bits."""
        return secrets.token_bytes(oath.SECRET_BYTES)

    def accepts(self, code: str) -> bool:
        """Whether this is the code of the present step, the one before or the one after.

        A step is accepted once, and none before it afterwards: of parallel tries one changes the
        row (SECURITY D1). Its clock's drift is kept (RFC 6238 §6).
        """
        typed = normal(code)
        now = timezone.now()
        present = oath.step_at(now.timestamp(), self.period)
        middle = present + self.drift
        unused = range(max(middle - oath.WINDOW, self.last_t + 1, 0), middle + oath.WINDOW + 1)
        step = oath.matching_step(
            self.key, typed, unused, digits=self.digits, algorithm=self.algorithm
        )
        if step is None:
            return False
        off = step - present
        drift = off if abs(off) <= oath.MOST_DRIFT else self.drift
        ours = type(self)._default_manager.filter(pk=self.pk, last_t__lt=step)
        if not ours.update(last_t=step, drift=drift, last_used_at=now):
            return False
        self.last_t, self.drift, self.last_used_at = step, drift, now
        return True

    def verify_token(self, token: Any) -> bool:
        """For django-otp, where a number has lost its leading zeros."""
        typed = str(token).zfill(self.digits) if isinstance(token, int) else token
        return super().verify_token(typed)

    def key_in_text(self) -> str:
        """The key in Base32, for apps that take it typed."""
        return b32encode(self.key).decode().rstrip("=")

    def provisioning_uri(self) -> str:
        """The ``otpauth`` address that its QR code holds (Google Authenticator, "Key Uri
        Format")."""
        issuer = branding.site_name().replace(":", " ")
        account = for_people(self.user.get_username())
        label = f"{quote(issuer)}:{quote(account, safe='@')}"
        query = {
            "secret": self.key_in_text(),
            "issuer": issuer,
            "algorithm": self.algorithm,
            "digits": self.digits,
            "period": self.period,
        }
        return f"otpauth://totp/{label}?{urlencode(query, quote_via=quote)}"
