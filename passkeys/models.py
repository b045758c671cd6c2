"""Passkeys, the handles by which authenticators know people, and ceremonies under way."""

from __future__ import annotations

import base64
from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ostiary.ids import random_user_handle, uuid7

CREDENTIAL_ID_MAX_BYTES = 1023
"""No authenticator has longer ones (WebAuthn Level 3 §7.1 step 25)."""


class UserHandle(models.Model):
    """What a person's authenticators know them by: random, and not derived from anything."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", primary_key=True
    )
    handle = models.BinaryField(
        max_length=64, unique=True, default=random_user_handle, editable=False
    )

    class Meta:
        verbose_name = _("user handle")
        verbose_name_plural = _("user handles")

    def __str__(self) -> str:
        return str(self.pk)


class Credential(models.Model):
    """A passkey: the credential record of WebAuthn Level 3 §4.

    ``credential_id`` and ``public_key`` (a COSE key in CBOR) are as the authenticator gave them.
    ``sign_count`` is 0 of one that doesn't count. ``backup_eligible`` never changes: such a key may
    be copied to other devices of the person, and ``backed_up`` says whether it is.
    ``user_verified`` says that it has once verified its user. ``aaguid`` names the model of the
    authenticator; of zeros, it doesn't say.

    Of one that was imported, ``imported_handle`` is the user handle it was made under, and
    ``backup_eligible`` is ``None`` where that was not kept, until its first use tells.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="ostiary_passkeys",
        verbose_name=_("user"),
    )
    credential_id = models.BinaryField(
        max_length=CREDENTIAL_ID_MAX_BYTES, unique=True, editable=False
    )
    public_key = models.BinaryField(editable=False)
    sign_count = models.PositiveBigIntegerField(default=0, editable=False)
    transports: Any = models.JSONField(_("transports"), default=list, blank=True)
    aaguid = models.UUIDField(_("authenticator model"))
    backup_eligible = models.BooleanField(_("can be synced"), null=True)
    backed_up = models.BooleanField(_("is synced"))
    user_verified = models.BooleanField(_("verifies its user"))
    name = models.CharField(_("name"), max_length=100)
    created_at = models.DateTimeField(_("created"), default=timezone.now)
    last_used_at = models.DateTimeField(_("last used"), null=True, blank=True)
    imported_handle = models.BinaryField(max_length=64, null=True, editable=False)

    class Meta:
        verbose_name = _("passkey")
        verbose_name_plural = _("passkeys")
        ordering = ["created_at", "id"]
        constraints = [
            # A key that can't be backed up isn't (WebAuthn Level 3 §6.1.3).
            models.CheckConstraint(
                condition=models.Q(backup_eligible=True) | models.Q(backed_up=False),
                name="ostiary_passkey_backup_flags",
            )
        ]

    def __str__(self) -> str:
        return self.name


class Ceremony(models.Model):
    """A challenge that a browser was given and may answer once, until ``expires_at``.

    ``session_hash`` is of a secret that only the session of that browser holds. ``user`` is whom
    the answer must come from; ``None`` where the passkey is to say who the person is.
    """

    class Purpose(models.TextChoices):
        """What the challenge is for; an answer for another is refused."""

        REGISTER = "register", _("to add a passkey")
        UPGRADE = "upgrade", _("to add a passkey automatically, after a password")
        SET_UP = "set_up", _("to add a passkey during sign-in")
        SIGN_IN = "signin", _("to sign in")
        SECOND_STEP = "second_step", _("as a second factor")
        STEP_UP = "step_up", _("to verify identity again")

    challenge_hash = models.CharField(primary_key=True, max_length=64, editable=False)
    session_hash = models.CharField(max_length=64, editable=False)
    purpose = models.CharField(max_length=12, choices=Purpose.choices)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", null=True
    )
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name = _("ceremony")
        verbose_name_plural = _("ceremonies")

    def __str__(self) -> str:
        return self.purpose


class MetadataBlob(models.Model):
    """The blob of the FIDO Metadata Service that was imported last: its serial number, and by when
    FIDO gives out another."""

    number = models.PositiveBigIntegerField(primary_key=True)
    next_update = models.DateField()
    imported_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("authenticator metadata")
        verbose_name_plural = _("authenticator metadata")

    def __str__(self) -> str:
        return str(self.number)


class AuthenticatorModel(models.Model):
    """A model of authenticators, as the blob tells of it. ``statuses`` are what was reported of it,
    oldest first; ``roots`` the roots of its attestation certificates, DER in base64."""

    aaguid = models.UUIDField(primary_key=True)
    blob = models.ForeignKey(MetadataBlob, on_delete=models.CASCADE, related_name="+")
    description = models.TextField()
    statuses: Any = models.JSONField()
    roots: Any = models.JSONField()

    class Meta:
        verbose_name = _("authenticator model")
        verbose_name_plural = _("authenticator models")

    def __str__(self) -> str:
        return self.description

    @property
    def roots_der(self) -> list[bytes]:
        """The roots, as DER."""
        return [base64.b64decode(each) for each in self.roots]
