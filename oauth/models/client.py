"""A client of the authorization server (RFC 6749 §2)."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _
from oauth2_provider.models import AbstractApplication, ApplicationManager

from ostiary.encryption import EncryptedTextField
from ostiary.ids import random_name, uuid7

from .. import client_metadata, client_rules, redirect_uri, security_profile
from ..client_metadata import HMAC_ALG, SIGNING_ALGS
from .client_queryset import ClientQuerySet
from .client_secrets import ClientSecrets


class Client(ClientSecrets, AbstractApplication):  # type: ignore[misc]  # the toolkit is untyped
    """An application that may ask for tokens.

    Stands in for the toolkit's ``Application``. Where that has one grant type, a hashed password
    for a secret and a "skip" flag, this has a set, two live secrets, and a first-party flag; the
    toolkit's names remain as properties, for its views.
    """

    class RevocationPolicy(models.TextChoices):
        """What "revoke" reaches, and when (docs: revocation policies)."""

        # From the mildest to the strictest: where client and API differ, the stricter counts.
        SHORT_LIVED = "short_lived", _("Short-lived: access ends within its lifetime")
        BLOCKLIST = "blocklist", _("Blocklist: access ends at once at APIs that check the list")
        OPAQUE = "opaque", _("Opaque: access ends at once everywhere")

    class RegistrationSource(models.TextChoices):
        """Who registered it. The toolkit's names, and one of ours."""

        MANUAL = "manual", _("Administrator")
        DCR = "dcr", _("Dynamic client registration")
        CIMD = "cimd", _("Client ID metadata document")
        SELF_SERVICE = "self_service", _("User (self-service)")

    class SubjectType(models.TextChoices):
        """How a person is named to the client (OIDC Core §8)."""

        PUBLIC = "public", _("Public: the same for all applications")
        PAIRWISE = "pairwise", _("Pairwise: different for each sector")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    client_id = models.CharField(_("client ID"), max_length=255, unique=True, default=random_name)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        related_name="%(app_label)s_%(class)s",
        null=True,
        blank=True,
        verbose_name=_("owner"),
        help_text=_("Responsible user. The application stays if this user is deleted."),
    )
    enabled = models.BooleanField(
        _("enabled"),
        default=True,
        help_text=_("A disabled application gets no tokens, and its tokens stop working here."),
    )
    first_party = models.BooleanField(
        _("first party"),
        default=False,
        help_text=_("Part of this site: users aren’t asked for consent."),
    )
    grant_types = models.JSONField(_("grant types"), default=list)
    scopes = models.JSONField(
        _("scopes"), default=list, blank=True, help_text=_("Scopes it may request.")
    )
    audiences = models.JSONField(
        _("audiences"),
        default=list,
        blank=True,
        help_text=_(
            "APIs (RFC 8707 resource identifiers) it may get tokens for. The first is the default "
            "for client credentials."
        ),
    )
    serves = models.JSONField(
        _("serves"),
        default=list,
        blank=True,
        help_text=_("APIs it provides. It may introspect their tokens."),
    )
    token_endpoint_auth_methods = models.JSONField(
        _("client authentication"),
        default=list,
        blank=True,
        help_text=_(
            "Methods allowed at the token endpoint. Empty: by secret, in the header or the body; a "
            "public client not at all."
        ),
    )
    revocation_policy = models.CharField(
        _("revocation policy"),
        max_length=20,
        choices=RevocationPolicy,
        default=RevocationPolicy.SHORT_LIVED,
        help_text=_(
            "Short-lived: access tokens are signed and not stored, which is fastest. Revoking ends "
            "renewal at once, but issued access tokens work at other APIs until they expire. "
            "Blocklist: signed, with a row each until they expire. Revoking ends them at once at "
            "every API that checks the shared list. "
            "Opaque: a random reference. Revoking ends it at once everywhere, but the API has to "
            "ask this server at every use."
        ),
    )
    access_token_lifetime = models.PositiveIntegerField(
        _("access token lifetime"), default=900, help_text=_("Seconds.")
    )
    id_token_lifetime = models.PositiveIntegerField(
        _("ID token lifetime"), default=900, help_text=_("Seconds.")
    )
    refresh_token_idle_lifetime = models.PositiveIntegerField(
        _("refresh token idle lifetime"),
        default=14 * 24 * 3600,
        help_text=_("Seconds. An unused refresh token expires after this time."),
    )
    refresh_token_lifetime = models.PositiveIntegerField(
        _("refresh token lifetime"),
        default=90 * 24 * 3600,
        help_text=_(
            "Seconds. After this, the user has to sign in again even if the token is in use."
        ),
    )
    pkce_exempt = models.BooleanField(
        _("may omit PKCE"),
        default=False,
        db_default=False,
        help_text=_(
            "Leave this off and turn on PKCE in the application’s library. If on, requests may "
            "omit PKCE if they request openid and carry a nonce. The risk: someone with a stolen "
            "code can inject it into a session at the application. Only the application can "
            "prevent that, by checking the nonce in the ID token, which we can’t verify. Only for "
            "a confidential application registered by an administrator, without FAPI 2.0."
        ),
    )
    required_acr = models.CharField(
        _("required assurance"),
        max_length=64,
        blank=True,
        help_text=_("Minimum acr required to sign in to it. Empty for any."),
    )
    subject_type = models.CharField(
        _("subject type"),
        max_length=16,
        choices=SubjectType,
        default=SubjectType.PUBLIC,
        help_text=_(
            "With pairwise identifiers, applications of different sectors can’t correlate users. "
            "Changing this, or the sector, changes the identifiers of all its users."
        ),
    )
    id_token_signed_response_alg = models.CharField(
        _("ID token algorithm"),
        max_length=8,
        choices=[(alg, alg) for alg in (*SIGNING_ALGS, HMAC_ALG)],
        default="RS256",
        help_text=_(
            "HS256 signs with the client secret, which then has to be stored encrypted instead of "
            "hashed. Choose it only if the application supports nothing else."
        ),
    )
    access_token_signing_alg = models.CharField(
        _("access token algorithm"),
        max_length=8,
        choices=[(alg, alg) for alg in SIGNING_ALGS],
        default="ES256",
    )
    client_uri = models.URLField(_("home page"), blank=True)
    logo_uri = models.URLField(_("logo"), blank=True)
    policy_uri = models.URLField(_("privacy policy"), blank=True)
    tos_uri = models.URLField(_("terms of service"), blank=True)
    contacts = models.JSONField(
        _("contacts"), default=list, blank=True, help_text=_("Email addresses of its developers.")
    )
    metadata = models.JSONField(
        _("additional metadata"),
        default=dict,
        blank=True,
        editable=False,
        help_text=_("Client metadata by registered name."),
    )
    registration_source = models.CharField(
        _("registered by"),
        max_length=32,
        choices=RegistrationSource,
        default=RegistrationSource.MANUAL,
    )
    security_event_secret = EncryptedTextField(null=True, editable=False)
    """The ``Authorization`` header of what is pushed to ``security_event_uri``."""
    unused_expires_at = models.DateTimeField(
        _("removed if unused until"), null=True, blank=True, editable=False
    )
    objects = ApplicationManager.from_queryset(ClientQuerySet)()

    class Meta:
        verbose_name = _("application")
        verbose_name_plural = _("applications")
        ordering = ["name"]
        permissions = [("own_clients", _("Can register their own applications"))]
        indexes = [models.Index(fields=["unused_expires_at"], name="ostiary_client_unused")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(pkce_exempt=False)
                | models.Q(client_type="confidential", registration_source="manual"),
                name="ostiary_client_needs_pkce",
                violation_error_message=_("This application must use PKCE."),
            )
        ]

    @property
    def keeps_secret_readable(self) -> bool:
        """Whether the secret itself is a key to sign with, so that its hash is not enough: it is
        then kept too, encrypted by the key ring (OIDC Core §9, §10.1)."""
        return not self.is_public and (
            "client_secret_jwt" in self.token_endpoint_auth_methods
            or HMAC_ALG
            in (self.id_token_signed_response_alg, self.registered("userinfo_signed_response_alg"))
        )

    # --- who it is -----------------------------------------------------------------------------

    @property
    def is_unchecked(self) -> bool:
        """Whether what it says of itself was checked by no operator."""
        return not self.first_party and self.registration_source != self.RegistrationSource.MANUAL

    def name_in(self, language: str) -> str:
        """Its name for people who read ``language`` (RFC 7591 §2.2)."""
        localized = self.registered("localized_client_names") or {}
        names = {tag.lower(): name for tag, name in localized.items()}
        wanted = language.lower()
        return names.get(wanted) or names.get(wanted.partition("-")[0]) or str(self)

    # --- what it may do ------------------------------------------------------------------------

    @property
    def is_public(self) -> bool:
        """Whether the client can't keep a secret (RFC 6749 §2.1)."""
        return bool(self.client_type == self.CLIENT_PUBLIC)

    @property
    def auth_methods(self) -> list[str]:
        """How it may authenticate at the token endpoint (OIDC Core §9); none that its security
        profile does not allow."""
        methods = self.registered_auth_methods
        if security_profile.is_fapi2(self):
            return [name for name in methods if name in security_profile.AUTH_METHODS]
        return methods

    @property
    def registered_auth_methods(self) -> list[str]:
        """How it is registered to authenticate, or by default does."""
        if self.is_public:
            return ["none"]
        return self.token_endpoint_auth_methods or ["client_secret_basic", "client_secret_post"]

    def registered(self, name: str) -> Any:
        """The registered value of a metadatum, or its default (``client_metadata.METADATA``)."""
        known = client_metadata.METADATA[name]
        return self.metadata.get(name, known.empty)

    def may_use(self, grant_type: str) -> bool:
        """Whether the client is registered for ``grant_type``."""
        return grant_type in self.grant_types

    def redirect_uri_allowed(self, uri: str) -> bool:
        """Exact match with a registered redirect URI, but for a loopback port (RFC 8252 §7.3)."""
        return any(redirect_uri.matches(uri, known) for known in self.redirect_uris.split())

    def post_logout_redirect_uri_allowed(self, uri: str) -> bool:
        """Exact match with a registered URI (RP-Initiated Logout §3)."""
        return any(
            redirect_uri.matches(uri, known) for known in self.post_logout_redirect_uris.split()
        )

    def clean(self) -> None:
        """Refuse what can't be safe, each problem on its own field."""
        if problems := client_rules.problems(self):
            raise ValidationError(problems)
        if not self.keeps_secret_readable:  # what is no longer needed is no longer kept
            self.readable_secret = self.previous_readable_secret = None

    # --- the toolkit's names -------------------------------------------------------------------

    @property
    def authorization_grant_type(self) -> str:
        """The toolkit's single grant type: the first of ours."""
        return str(self.grant_types[0]) if self.grant_types else ""

    @authorization_grant_type.setter
    def authorization_grant_type(self, value: str) -> None:
        self.grant_types = [value.replace("-", "_")]

    def allows_grant_type(self, *grant_types: str) -> bool:
        """The toolkit's question, in its spelling (``authorization-code``)."""
        return any(self.may_use(grant_type.replace("-", "_")) for grant_type in grant_types)

    def is_usable(self, request: object) -> bool:
        """The toolkit's question whether the client is switched on."""
        return self.enabled

    @property
    def skip_authorization(self) -> bool:
        """The toolkit's name for ``first_party``."""
        return self.first_party

    @property
    def algorithm(self) -> str:
        """The toolkit's name for ``id_token_signed_response_alg``."""
        return self.id_token_signed_response_alg

    @property
    def client_secret(self) -> str:
        """What the toolkit's registration reads of an application that it is about to save: its
        first secret. Of one that is stored it can't be told, since only the hash is kept."""
        if self._state.adding and not self.is_public and not self.secret_hash:
            self.rotate_secret()
        return self.fresh_secret

    @client_secret.setter
    def client_secret(self, secret: str) -> None:
        if secret:
            self.set_secret(secret)

    @property
    def hash_client_secret(self) -> bool:
        """Always."""
        return True
