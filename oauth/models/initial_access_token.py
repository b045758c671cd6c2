"""Tokens that let an application register itself once or a few times (RFC 7591 §3)."""

from __future__ import annotations

import secrets
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ostiary.ids import uuid7

from .. import redirect_uri, scopes
from ..client_rules import AUDIENCE_MAX_LENGTH, GRANT_TYPES
from .client_secrets import hash_registration_token


class InitialAccessTokenManager(models.Manager["InitialAccessToken"]):
    """Finds tokens by what they are, which is stored nowhere."""

    def live(self) -> models.QuerySet[InitialAccessToken]:
        """Those with which one can still register."""
        unexpired = Q(expires_at__isnull=True) | Q(expires_at__gt=timezone.now())
        return self.filter(unexpired, uses_left__gt=0)

    def find(self, token: str) -> InitialAccessToken | None:
        """The live token, ``None`` if there is none (one statement)."""
        return self.live().filter(token_hash=hash_registration_token(token)).first()

    def use(self, token: InitialAccessToken) -> bool:
        """Take one use away; ``False`` if none was left. The one statement decides."""
        return bool(self.live().filter(pk=token.pk).update(uses_left=F("uses_left") - 1))


class InitialAccessToken(models.Model):
    """Permission to register, kept by its hash, with what the registered may ask for."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    note = models.CharField(_("note"), max_length=200, help_text=_("Who it’s for and why."))
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    expires_at = models.DateTimeField(
        _("expires"), null=True, blank=True, help_text=_("Empty: when no uses are left.")
    )
    uses_left = models.PositiveIntegerField(
        _("uses left"), default=1, help_text=_("Number of applications it can still register.")
    )
    scopes = models.JSONField(
        _("scopes"),
        default=list,
        blank=True,
        help_text=_("Scopes its clients may request. Empty: REGISTRATION_SCOPES."),
    )
    grant_types = models.JSONField(
        _("grant types"),
        default=list,
        blank=True,
        help_text=_("Empty: authorization_code and refresh_token."),
    )
    audiences = models.JSONField(
        _("audiences"),
        default=list,
        blank=True,
        help_text=_("APIs its clients may get tokens for. Empty: REGISTRATION_AUDIENCES."),
    )

    fresh_token: str = ""
    """The token that this very object has made, for showing it once. Stored nowhere."""

    objects = InitialAccessTokenManager()

    class Meta:
        verbose_name = _("initial access token")
        verbose_name_plural = _("initial access tokens")
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return self.note

    def make(self) -> str:
        """Choose the token, shown this once. The caller saves."""
        self.fresh_token = secrets.token_urlsafe(32)
        self.token_hash = hash_registration_token(self.fresh_token)
        return self.fresh_token

    def clean(self) -> None:
        """Refuse what no application can have."""
        errors: dict[str, Any] = {}
        for field, known in (
            ("grant_types", GRANT_TYPES),
            ("scopes", tuple(scopes.descriptions())),
        ):
            if not all(value in known for value in getattr(self, field)):
                errors[field] = _("Choose from: %s.") % ", ".join(known)
        if not all(
            redirect_uri.is_absolute(uri) and len(uri) <= AUDIENCE_MAX_LENGTH
            for uri in self.audiences
        ):
            errors["audiences"] = _("Enter absolute URIs without fragment.")
        if errors:
            raise ValidationError(errors)
