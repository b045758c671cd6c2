"""Recovery codes: a set for each person, each code good once."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterable
from typing import Any

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ostiary.encryption import EncryptedBinaryField

from ..typed_code import normal
from .device import FactorDevice

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's Base32: 5 bits each, and no two that look alike."""
LOOK_ALIKE = str.maketrans("OIL", "011")
CODE_LENGTH = 16
GROUP_LENGTH = 4
HOW_MANY = 10
KEY_BYTES = 32


def new_code() -> str:
    """A code of 80 random bits, as people read it."""
    code = "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH))
    return "-".join(
        code[start : start + GROUP_LENGTH] for start in range(0, CODE_LENGTH, GROUP_LENGTH)
    )


class RecoveryCodes(FactorDevice):
    """A person's set of codes: to django-otp one device.

    The codes are random, so a fast hash is right. It is keyed, and the key encrypted, so that a
    stolen table can't be tried.
    """

    key = EncryptedBinaryField()

    amr = "otp"

    class Meta(FactorDevice.Meta):
        verbose_name = _("set of backup codes")
        verbose_name_plural = _("backup codes")
        constraints = [
            models.UniqueConstraint(fields=["user"], name="ostiary_mfa_one_set_of_codes")
        ]

    def hash_of(self, code: str) -> str:
        """What is kept of a code, in whatever spelling it is typed."""
        typed = normal(code).translate(LOOK_ALIKE)
        return hmac.digest(self.key, typed.encode(), hashlib.sha256).hex()

    @classmethod
    def replace(cls, user: Any) -> list[str]:
        """Make a set in place of the person's, in the caller's transaction; returns the codes, for
        the only time."""
        cls._default_manager.filter(user=user).delete()
        codes = [new_code() for _ in range(HOW_MANY)]
        cls.empty(user).add(codes)
        return codes

    @classmethod
    def empty(cls, user: Any, name: str = "") -> RecoveryCodes:
        """A set without codes, for a person who has none."""
        made: RecoveryCodes = cls._default_manager.create(
            user=user, name=name, confirmed=True, key=secrets.token_bytes(KEY_BYTES)
        )
        return made

    def add(self, codes: Iterable[str]) -> None:
        """Keep further codes, by their hashes."""
        RecoveryCode.objects.bulk_create(
            RecoveryCode(codes=self, code_hash=self.hash_of(code)) for code in codes
        )

    def left(self) -> int:
        """How many are not used yet."""
        number: int = self.codes.count()
        return number

    def has(self, code: str) -> bool:
        """Whether the code is one of those that are left."""
        return bool(self.codes.filter(code_hash=self.hash_of(code)).exists())

    def accepts(self, code: str) -> bool:
        """Use a code up: of parallel tries one deletes it (SECURITY D3)."""
        deleted, _ = self.codes.filter(code_hash=self.hash_of(code)).delete()
        if deleted:
            self.last_used_at = timezone.now()
            self.save(update_fields=["last_used_at"])
        return bool(deleted)


class RecoveryCode(models.Model):
    """A code that is not used yet."""

    codes = models.ForeignKey(RecoveryCodes, models.CASCADE, related_name="codes")
    code_hash = models.CharField(max_length=64)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["codes", "code_hash"], name="ostiary_mfa_recovery_code_once"
            )
        ]

    def __str__(self) -> str:
        return str(self.codes)
