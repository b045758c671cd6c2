"""The picture that a person has uploaded."""

from __future__ import annotations

import base64
import hashlib
import secrets

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

KEY_LENGTH = 43


def new_key(image: bytes) -> str:
    """What the address of this picture ends in: a hash of it, salted, so that nobody who has the
    same picture finds whose it is too."""
    hashed = hashlib.sha256(secrets.token_bytes(16) + image).digest()
    return base64.urlsafe_b64encode(hashed).decode().rstrip("=")


class ProfilePicture(models.Model):
    """A person's picture, as we drew it.

    It is a row, not a file: so it is in the same transaction and the same backup as its person, and
    erased with them in every region. It is small, and read by its address alone, never with the
    person, whose ``picture`` has that address. ``replaces`` is the address that stood there before,
    such as one that was imported; when the picture is removed it comes back.
    """

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", primary_key=True
    )
    key = models.CharField(max_length=KEY_LENGTH, unique=True, editable=False)
    image = models.BinaryField(_("picture"))
    content_type = models.CharField(max_length=20, editable=False)
    uploaded_at = models.DateTimeField(_("uploaded"), default=timezone.now)
    replaces = models.URLField(blank=True)

    class Meta:
        verbose_name = _("profile picture")
        verbose_name_plural = _("profile pictures")

    def __str__(self) -> str:
        return str(self.pk)
