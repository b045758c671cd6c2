"""An API that tokens are for: a resource server in the terms of OAuth."""

from __future__ import annotations

import re
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from ostiary.ids import uuid7

from .. import redirect_uri, scopes
from ..client_metadata import SIGNING_ALGS
from ..client_rules import AUDIENCE_MAX_LENGTH
from .client import Client

SCOPE_MAX_LENGTH = 100
WORDS_MAX_LENGTH = 200
_SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+")
"""A ``scope-token`` (RFC 6749 §3.3)."""


class Api(models.Model):
    """A registered resource (RFC 8707): its scopes, and on what terms tokens for it are issued.

    What is empty here is left to the client; of two terms the one that is safer counts. A resource
    that isn't registered stays possible: the client's own list allows it.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    identifier = models.CharField(
        _("identifier"),
        max_length=AUDIENCE_MAX_LENGTH,
        unique=True,
        help_text=_(
            "An absolute URI: the resource clients request and the audience of its tokens."
        ),
    )
    name = models.CharField(_("name"), max_length=100, help_text=_("Shown to users."))
    scopes = models.JSONField(
        _("scopes"), default=dict, blank=True, help_text=_("Scope names and their descriptions.")
    )
    access_token_lifetime = models.PositiveIntegerField(
        _("access token lifetime"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text=_("Maximum seconds. Empty: as set for the application."),
    )
    access_token_signing_alg = models.CharField(
        _("access token algorithm"),
        max_length=8,
        blank=True,
        choices=[(alg, alg) for alg in SIGNING_ALGS],
        help_text=_("Empty: as set for the application."),
    )
    revocation_policy = models.CharField(
        _("revocation policy"),
        max_length=20,
        blank=True,
        choices=Client.RevocationPolicy,
        help_text=_("Minimum. Empty: as set for the application."),
    )
    enabled = models.BooleanField(
        _("enabled"), default=True, help_text=_("No tokens are issued for a disabled API.")
    )

    class Meta:
        verbose_name = _("API")
        verbose_name_plural = _("APIs")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Refuse what no token could be issued for."""
        errors: dict[str, Any] = {}
        if not redirect_uri.is_absolute(self.identifier):
            errors["identifier"] = _("Enter an absolute URI without fragment.")
        if not isinstance(self.scopes, dict):
            errors["scopes"] = _("Enter a name and a description for each scope.")
        else:
            for name, words in self.scopes.items():
                if not _SCOPE.fullmatch(name) or len(name) > SCOPE_MAX_LENGTH:
                    errors["scopes"] = _("“%s” isn’t a valid scope name.") % name
                elif name in scopes.STANDARD:
                    errors["scopes"] = _("“%s” is a built-in scope.") % name
                elif not isinstance(words, str) or not 0 < len(words) <= WORDS_MAX_LENGTH:
                    errors["scopes"] = _("“%s” needs a description that users understand.") % name
        if errors:
            raise ValidationError(errors)
