"""A grant and its refresh token: what one authorization by one person gave one client.

The grant is the head of its token family. Whatever ends the family (reuse, revocation, a
withdrawn consent, the end of the session) sets ``revoked_at`` here, in one statement however old
the family is (SECURITY H15).
"""

from __future__ import annotations

import hashlib
import secrets

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from oauth2_provider.models import AbstractGrant, AbstractRefreshToken

from ostiary.encryption import EncryptedTextField
from ostiary.ids import uuid7

CODE_LIFETIME = 60
"""Seconds within which an authorization code must be redeemed (SECURITY B1)."""


def token_hash(token: str) -> str:
    """SHA-256 of a code or token, in hex: they are 256 random bits, and kept only so."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def new_token() -> str:
    """256 random bits, base64url (43 characters)."""
    return secrets.token_urlsafe(32)


class Grant(AbstractGrant):  # type: ignore[misc]  # the toolkit is untyped
    """An authorization code (RFC 6749 §4.1.2) and, once redeemed, the family of tokens it gave.

    ``expires`` is the end of the code. ``credential_hash`` changes with the person's password, and
    with it ends the family.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    code = None
    code_hash = models.CharField(max_length=64, unique=True, editable=False)
    sid = models.UUIDField(_("session"), null=True, blank=True, editable=False)
    auth_time = models.BigIntegerField(_("authenticated"), default=0)
    acr = models.CharField(max_length=100, blank=True)
    amr = models.JSONField(default=list)
    offline = models.BooleanField(
        _("offline access"), default=False, help_text=_("Continues after the session ends.")
    )
    credential_hash = models.CharField(max_length=64, editable=False)
    # The key that must redeem the code (RFC 9449 §10); later, the one its tokens are bound to.
    jkt = models.CharField(max_length=64, blank=True, editable=False)
    redeemed_at = models.DateTimeField(_("redeemed"), null=True, blank=True)
    ends_at = models.DateTimeField(
        _("ends"), help_text=_("When the last token issued from it expires.")
    )
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)
    revoked_reason = models.CharField(_("revocation reason"), max_length=40, blank=True)

    class Meta:
        verbose_name = _("grant")
        verbose_name_plural = _("grants")
        indexes = [
            models.Index(
                fields=["sid"],
                condition=Q(revoked_at__isnull=True, sid__isnull=False),
                name="ostiary_grant_live_of_sid",
            ),
            models.Index(fields=["ends_at"], name="ostiary_grant_ends"),
        ]

    def __str__(self) -> str:
        return str(self.id)


class RefreshToken(AbstractRefreshToken):  # type: ignore[misc]  # the toolkit is untyped
    """The one live refresh token of a grant, replaced in place at each use (docs/adr/0004).

    The token is a *selector* that stays with the family and finds this row, and a *verifier* that
    changes at every rotation. Both are kept hashed. Someone who knows the selector but not the
    current verifier presents an old token: that is reuse.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    token = None
    access_token = None
    token_family = None
    revoked = None
    resource = None
    grant = models.OneToOneField(Grant, on_delete=models.CASCADE, related_name="refresh_token")
    selector_hash = models.CharField(max_length=64, unique=True, editable=False)
    token_checksum = models.CharField(max_length=64, editable=False)
    generation = models.PositiveIntegerField(_("times used"), default=0)
    # What the token is bound to, as its access tokens say it (`cnf`, RFC 7800); {} for none.
    confirmation = models.JSONField(default=dict, editable=False)
    # The answer that the last use gave, for as long as a lost one may be asked for again.
    replaced_checksum = models.CharField(
        max_length=64, blank=True, default="", db_default="", editable=False
    )
    replay_until = models.DateTimeField(null=True, editable=False)
    replay = EncryptedTextField(null=True)
    idle_expires_at = models.DateTimeField(_("expires if unused"))
    expires_at = models.DateTimeField(_("ends"))

    class Meta:
        verbose_name = _("refresh token")
        verbose_name_plural = _("refresh tokens")
        indexes = [
            models.Index(
                fields=["replay_until"],
                condition=Q(replay_until__isnull=False),
                name="ostiary_refresh_replay_until",
            )
        ]

    def __str__(self) -> str:
        return str(self.id)
