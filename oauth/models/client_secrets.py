"""The secrets of a client (RFC 6749 §2.3.1, RFC 7592 §3)."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import timedelta

from django.db import models
from django.utils import timezone

from ostiary.encryption import EncryptedTextField

SECRET_PREFIX = "ost_"  # noqa: S105  (a name, not a secret)
"""By which scanners find a secret that was published by mistake."""
SECRET_MINIMUM_LENGTH = 32


def hash_secret(secret: str) -> str:
    """SHA-256 of a client secret, in hex.

    A fast hash is right here: the secret is 256 random bits, so that no guessing is possible
    however fast each guess is (docs/adr/0003).
    """
    return hashlib.sha256(secret.encode()).hexdigest()


def hash_registration_token(token: str) -> str:
    """SHA-256 of a registration access token, or of an initial one: both are 256 random bits."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


class ClientSecrets(models.Model):
    """Two live secrets, the second of which ends by itself, and a registration access token."""

    registration_token_hash = models.CharField(
        max_length=64, blank=True, default="", db_default="", editable=False
    )
    secret_hash = models.CharField(max_length=64, blank=True, editable=False)
    previous_secret_hash = models.CharField(max_length=64, blank=True, editable=False)
    previous_secret_expires_at = models.DateTimeField(null=True, blank=True, editable=False)
    readable_secret = EncryptedTextField(null=True, editable=False)
    previous_readable_secret = EncryptedTextField(null=True, editable=False)

    fresh_secret: str = ""
    """The secret that this very object has made, for showing it once. Stored nowhere."""

    class Meta:
        abstract = True

    def set_secret(self, secret: str) -> None:
        """Make ``secret`` the only live one. The caller saves. Raises ``ValueError`` if short."""
        if len(secret) < SECRET_MINIMUM_LENGTH:
            raise ValueError(f"A client secret has at least {SECRET_MINIMUM_LENGTH} characters.")
        self.secret_hash = hash_secret(secret)
        self.readable_secret = secret if self.keeps_secret_readable else None
        self.previous_secret_hash = ""
        self.previous_readable_secret = None
        self.previous_secret_expires_at = None

    def rotate_secret(self, overlap: timedelta = timedelta(days=7)) -> str:
        """Make a new secret, shown this once; the one before works for ``overlap`` more.

        The caller saves.
        """
        before, readable_before = self.secret_hash, self.readable_secret
        self.fresh_secret = SECRET_PREFIX + secrets.token_urlsafe(32)
        self.set_secret(self.fresh_secret)
        if before and overlap:
            self.previous_secret_hash = before
            self.previous_readable_secret = readable_before if self.keeps_secret_readable else None
            self.previous_secret_expires_at = timezone.now() + overlap
        return self.fresh_secret

    def check_secret(self, secret: str) -> bool:
        """Whether ``secret`` is one of the live ones, in constant time."""
        given = hash_secret(secret)
        current = hmac.compare_digest(given, self.secret_hash)
        previous = hmac.compare_digest(given, self.previous_secret_hash)
        return current or (previous and self._in_overlap())

    def _in_overlap(self) -> bool:
        """Whether the secret before still works."""
        return (
            self.previous_secret_expires_at is not None
            and timezone.now() < self.previous_secret_expires_at
        )

    @property
    def keeps_secret_readable(self) -> bool:
        """Whether the secret itself is a key to sign with."""
        raise NotImplementedError

    def shared_secrets(self) -> list[str]:
        """The live secrets in plain, newest first; empty where only hashes are kept."""
        if not self.keeps_secret_readable:
            return []
        previous = self.previous_readable_secret if self._in_overlap() else None
        return [secret for secret in (self.readable_secret, previous) if secret]

    def shared_secret(self) -> str:
        """The newest secret in plain, to sign with; ``""`` where only its hash is kept."""
        return next(iter(self.shared_secrets()), "")

    def new_registration_token(self) -> str:
        """A new registration access token (RFC 7592 §3), shown this once. The caller saves."""
        token = secrets.token_urlsafe(32)
        self.registration_token_hash = hash_registration_token(token)
        return token
