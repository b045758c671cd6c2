"""Which tokens of an outside issuer are taken here, and what they are worth."""

from __future__ import annotations

import re
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from ostiary.ids import uuid7

from .. import client_metadata, security_profile
from ..client_metadata import SIGNING_ALGS
from ..issuer import issuer
from .client import Client

JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
TOKEN_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"  # noqa: S105  (a name)
LIFETIME_MAX = 3600
AGE_MAX = 24 * 3600
TEXT_MAX = 500
_NO_LITERAL = re.compile(r"[*:/]*")


class TrustRule(models.Model):
    """A workload (a CI job, a pod, a service) that proves who it is by a token of another issuer
    counts here as a client, with no secret stored anywhere (RFC 7523, RFC 8693)."""

    class Use(models.TextChoices):
        """Where such a token may be shown."""

        JWT_BEARER = "jwt_bearer", _("JWT bearer grant (RFC 7523)")
        TOKEN_EXCHANGE = "token_exchange", _("Subject of a token exchange (RFC 8693)")
        CLIENT_ASSERTION = (
            "client_assertion",
            _("Client authentication, with all permissions of the application"),
        )

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(_("name"), max_length=100, unique=True)
    enabled = models.BooleanField(
        _("enabled"),
        default=True,
        help_text=_(
            "If off, the rule issues no more tokens. Tokens already issued stay valid "
            "until they expire."
        ),
    )
    issuer = models.CharField(
        _("issuer"),
        max_length=TEXT_MAX,
        db_index=True,
        help_text=_("Exact iss of the outside token."),
    )
    jwks_uri = models.CharField(
        _("JWKS URL"),
        max_length=TEXT_MAX,
        blank=True,
        help_text=_("Empty: from the issuer’s OpenID configuration, or the keys below."),
    )
    jwks = models.JSONField(
        _("public keys (JWK Set)"),
        null=True,
        blank=True,
        help_text=_("For an issuer this site can’t reach, such as a cluster."),
    )
    algorithms = models.JSONField(
        _("algorithms"), default=list, help_text=_("Allowed signing algorithms.")
    )
    audience = models.CharField(
        _("audience"),
        max_length=TEXT_MAX,
        blank=True,
        help_text=_("Required aud. Empty (recommended): this site’s issuer identifier."),
    )
    subject = models.CharField(
        _("subject"),
        max_length=TEXT_MAX,
        blank=True,
        help_text=_(
            "Required sub. * matches anything within one part: never across a “:” or “/”. Empty: "
            "only tokens without a subject."
        ),
    )
    conditions = models.JSONField(
        _("conditions"),
        default=dict,
        blank=True,
        help_text=_(
            "Required claims, as JSON: {"
            '"repository_id": "123", "ref": ["refs/heads/main", "refs/tags/v*"]}. '
            "A list allows any of its values; * works as in the subject; /a/b means b within a."
        ),
    )
    max_age = models.PositiveIntegerField(
        _("maximum age"),
        default=3600,
        help_text=_("Maximum seconds since the outside token was issued (iat)."),
    )
    single_use = models.BooleanField(
        _("single use"),
        default=False,
        help_text=_(
            "Accept each outside token once, by its jti. Leave off if a token is used many times, "
            "such as one in a pod’s file."
        ),
    )
    client = models.ForeignKey(
        Client,
        on_delete=models.CASCADE,
        related_name="trust_rules",
        verbose_name=_("application"),
        help_text=_("The application the workload acts as."),
    )
    uses = models.JSONField(_("uses"), default=list, help_text=_("Where the token may be used."))
    scopes = models.JSONField(
        _("scopes"),
        default=list,
        blank=True,
        help_text=_("Maximum scopes, of those the application may have."),
    )
    audiences = models.JSONField(
        _("APIs"),
        default=list,
        blank=True,
        help_text=_(
            "Tokens are issued for one of these; the first is the default. Empty: any API of the "
            "application."
        ),
    )
    lifetime = models.PositiveIntegerField(
        _("lifetime"), default=300, help_text=_("Maximum lifetime of the new token in seconds.")
    )

    class Meta:
        verbose_name = _("trust rule")
        verbose_name_plural = _("trust rules")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def expected_audience(self) -> str:
        """The one ``aud`` that is taken."""
        return self.audience or issuer()

    def clean(self) -> None:
        """Refuse what can't be safe, each problem on its own field."""
        errors = {
            **self._problems_with_the_issuer(),
            **self._problems_with_the_match(),
            **self._problems_with_the_yield(),
        }
        if errors:
            raise ValidationError(errors)

    def _problems_with_the_issuer(self) -> dict[str, str]:
        found: dict[str, str] = {}
        if not client_metadata.is_address(self.issuer):
            found["issuer"] = _now("An https address.")
        if self.issuer.rstrip("/") == issuer().rstrip("/"):
            found["issuer"] = _now("This is ourselves: our own tokens need no trust rule.")
        given = {"jwks_uri": self.jwks_uri, "jwks": self.jwks}
        found.update(client_metadata.problems(given))
        if self.jwks_uri and self.jwks:
            found["jwks"] = _now("Either an address or the keys, not both.")
        if not _is_set(self.algorithms, SIGNING_ALGS) or not self.algorithms:
            found["algorithms"] = _now("Choose from: %s.") % ", ".join(SIGNING_ALGS)
        return found

    def _problems_with_the_match(self) -> dict[str, str]:
        found: dict[str, str] = {}
        if not isinstance(self.conditions, dict) or not all(map(_is_wanted, _values(self))):
            found["conditions"] = _now("An object of claims: each a value, or a list of choices.")
        elif not self.conditions and _NO_LITERAL.fullmatch(self.subject):
            found["subject"] = _now(
                "This would trust every token of the issuer: name the subject, or conditions."
            )
        if not 0 < self.max_age <= AGE_MAX:
            found["max_age"] = _now("From 1 to %s seconds.") % AGE_MAX
        return found

    def _problems_with_the_yield(self) -> dict[str, str]:
        found: dict[str, str] = {}
        if not 0 < self.lifetime <= LIFETIME_MAX:
            found["lifetime"] = _now("From 1 to %s seconds.") % LIFETIME_MAX
        if not _is_set(self.uses, self.Use.values) or not self.uses:
            found["uses"] = _now("Choose from: %s.") % ", ".join(self.Use.values)
        client: Client | None = getattr(self, "client", None)
        if client is None:
            return found
        if client.is_public:
            found["client"] = _now("A public application has no identity of its own.")
        elif security_profile.is_fapi2(client):
            found["client"] = _now("FAPI 2.0 wants the application to prove itself by its own key.")
        for use, grant_type in (
            (self.Use.JWT_BEARER, JWT_BEARER),
            (self.Use.TOKEN_EXCHANGE, TOKEN_EXCHANGE),
        ):
            if use in self.uses and not client.may_use(grant_type):
                found["uses"] = _now("The application is not registered for %s.") % grant_type
        if not _is_set(self.scopes, client.scopes):
            found["scopes"] = _now("The application may not have all of these.")
        if not _is_set(self.audiences, client.audiences):
            found["audiences"] = _now("The application may not have tokens for all of these.")
        return found


def _is_set(given: Any, known: Any) -> bool:
    """Whether ``given`` is a list of known values."""
    return isinstance(given, list) and all(value in known for value in given)


def _values(rule: TrustRule) -> list[Any]:
    return list(rule.conditions.values())


def _is_wanted(wanted: Any) -> bool:
    """Whether a condition can be met at all, and says something."""
    choices = wanted if isinstance(wanted, list) else [wanted]
    return bool(choices) and all(
        isinstance(each, bool | int) or (isinstance(each, str) and each.strip("*") != "")
        for each in choices
    )
