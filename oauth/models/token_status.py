"""Access tokens that can be revoked one by one: a row each, for as long as they live."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class StatusList(models.Model):
    """One published list of tokens (draft-ietf-oauth-status-list).

    The salt shuffles the tokens over the list, so that whoever sees their places doesn't learn in
    which order, or how many, were issued. There is one row for 131072 tokens, and it stays.
    """

    number = models.BigIntegerField(primary_key=True)
    salt = models.CharField(max_length=32, editable=False)

    def __str__(self) -> str:
        return str(self.number)


class TokenStatus(models.Model):
    """Whether one JWT access token has been revoked.

    Grant and client are named and not referred to: a token stays revocable, and revoked, when they
    are deleted.
    """

    id = models.BigAutoField(primary_key=True)
    jti_hash = models.CharField(max_length=64, unique=True, editable=False)
    client_key = models.UUIDField(_("application"), db_index=True)
    grant_key = models.UUIDField(_("grant"), null=True, db_index=True)
    expires_at = models.DateTimeField(_("expires"), db_index=True)
    revoked_at = models.DateTimeField(_("revoked"), null=True)

    class Meta:
        verbose_name = _("token status")
        verbose_name_plural = _("token statuses")
        indexes = [
            models.Index(
                fields=["revoked_at"],
                condition=Q(revoked_at__isnull=False),
                name="ostiary_token_status_revoked",
            )
        ]

    def __str__(self) -> str:
        return str(self.pk)
