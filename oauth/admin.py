"""The operator's view of applications, grants and keys. No secret, code or token is ever shown.

The toolkit's own admin registers most of these models with the classes named in
``OAUTH2_PROVIDER``; the rest are registered here.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from ostiary import events

from . import families, keys
from .models import Client, Consent, SigningKey
from .models.client import AUTH_METHODS, GRANT_TYPES


class _ListField(forms.MultipleChoiceField):
    """A JSON list of known values, as check boxes."""

    widget = forms.CheckboxSelectMultiple


class ClientForm(forms.ModelForm):  # type: ignore[type-arg]
    """Sets as check boxes; lists of words as lines."""

    grant_types = _ListField(choices=[(name, name) for name in GRANT_TYPES], required=False)
    token_endpoint_auth_methods = _ListField(
        choices=[(name, name) for name in AUTH_METHODS], required=False
    )

    class Meta:
        model = Client
        fields = ["grant_types", "token_endpoint_auth_methods"]


class ClientAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Applications. A secret is made by an action and shown once, in its answer."""

    form = ClientForm
    list_display = ["name", "client_id", "client_type", "enabled", "first_party"]
    list_filter = ["enabled", "client_type", "first_party"]
    search_fields = ["name", "client_id"]
    readonly_fields = ["created", "updated", "secret_state"]
    raw_id_fields = ["user"]
    actions = ["rotate_secret", "disable", "revoke_tokens"]
    fieldsets = [
        (None, {"fields": ["name", "client_id", "client_type", "enabled", "first_party"]}),
        (_("Secret"), {"fields": ["secret_state", "token_endpoint_auth_methods"]}),
        (
            _("What it may do"),
            {
                "fields": [
                    "grant_types",
                    "redirect_uris",
                    "post_logout_redirect_uris",
                    "scopes",
                    "audiences",
                    "required_acr",
                ]
            },
        ),
        (
            _("Tokens"),
            {
                "fields": [
                    "revocation_policy",
                    "access_token_lifetime",
                    "id_token_lifetime",
                    "refresh_token_idle_lifetime",
                    "refresh_token_lifetime",
                    "id_token_signed_response_alg",
                    "access_token_signing_alg",
                    "subject_type",
                ]
            },
        ),
        (
            _("About it"),
            {
                "fields": [
                    "client_uri",
                    "logo_uri",
                    "policy_uri",
                    "tos_uri",
                    "contacts",
                    "user",
                    "created",
                    "updated",
                ]
            },
        ),
    ]

    @admin.display(description=_("secret"))
    def secret_state(self, client: Client) -> str:
        """Whether there is one; never what it is."""
        if client.is_public:
            return str(_("None: a public client."))
        if not client.secret_hash:
            return str(_("None yet. Use the action “New secret” in the list."))
        if client.previous_secret_hash:
            return str(_("Two: the new one, and the one before until its overlap ends."))
        return str(_("One. It was shown when it was made."))

    def save_model(self, request: HttpRequest, obj: Client, form: Any, change: bool) -> None:
        """Save, tell the log, and give a new confidential client its first secret."""
        secret = None
        if not change and not obj.is_public:
            secret = obj.rotate_secret()
        super().save_model(request, obj, form, change)
        events.record(
            "client.changed",
            user=request.user,
            request=request,
            client_id=obj.client_id,
            details={"changed": form.changed_data},
        )
        if secret:
            self._show_once(request, obj, secret)

    def _show_once(self, request: HttpRequest, client: Client, secret: str) -> None:
        self.message_user(
            request,
            format_html(
                "{} <strong>{}</strong> <code>{}</code>",
                _("The secret, shown only now:"),
                client.name,
                secret,
            ),
            messages.WARNING,
        )

    @admin.action(description=_("New secret (the one before works for 7 days more)"))
    def rotate_secret(self, request: HttpRequest, queryset: QuerySet[Client]) -> None:
        """Make and show a new secret for each confidential client."""
        for client in queryset:
            if not client.is_public:
                secret = client.rotate_secret()
                client.save()
                events.record(
                    "client.secret_rotated",
                    user=request.user,
                    request=request,
                    client_id=client.client_id,
                )
                self._show_once(request, client, secret)

    @admin.action(description=_("Disable, and end all their tokens"))
    def disable(self, request: HttpRequest, queryset: QuerySet[Client]) -> None:
        """Switch off and revoke."""
        self.revoke_tokens(request, queryset)
        queryset.update(enabled=False)

    @admin.action(description=_("End all their tokens"))
    def revoke_tokens(self, request: HttpRequest, queryset: QuerySet[Client]) -> None:
        """Revoke every grant of the chosen clients."""
        count = families.revoke(Q(application__in=queryset), "operator")
        for client in queryset:
            events.record(
                "client.changed",
                user=request.user,
                request=request,
                client_id=client.client_id,
                details={"changed": ["tokens revoked"]},
            )
        self.message_user(request, _("Ended %(count)d grants.") % {"count": count})


class _ReadOnly(admin.ModelAdmin):  # type: ignore[type-arg]
    """Rows that the server makes: looked at, never edited."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Only the server adds."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nothing to edit."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Ended by revoking, removed by the clean-up."""
        return False


class GrantAdmin(_ReadOnly):
    """What people gave applications, and whether it still stands."""

    list_display = ["id", "user", "application", "created", "redeemed_at", "revoked_at"]
    list_filter = ["application", "revoked_reason"]
    list_select_related = ["user", "application"]
    raw_id_fields = ["user"]
    fields = [
        "user",
        "application",
        "scope",
        "resource",
        "acr",
        "amr",
        "offline",
        "created",
        "redeemed_at",
        "ends_at",
        "revoked_at",
        "revoked_reason",
    ]
    actions = ["revoke"]

    @admin.action(description=_("Revoke"), permissions=["revoke"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """End the families of the chosen grants."""
        count = families.revoke(Q(pk__in=queryset.values("pk")), "operator")
        self.message_user(request, _("Ended %(count)d grants.") % {"count": count})

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        """Who may change grants may revoke them."""
        return request.user.has_perm("ostiary_oauth.change_grant")


class RefreshTokenAdmin(_ReadOnly):
    """Live refresh tokens, without the tokens."""

    list_display = ["id", "user", "application", "generation", "idle_expires_at", "expires_at"]
    list_select_related = ["user", "application"]
    fields = ["user", "application", "generation", "created", "idle_expires_at", "expires_at"]


class AccessTokenAdmin(_ReadOnly):
    """Access tokens that are kept."""

    list_display = ["id", "user", "application", "expires"]
    fields = ["user", "application", "scope", "expires", "created"]


class IDTokenAdmin(_ReadOnly):
    """ID tokens that are kept."""

    list_display = ["id", "user", "application", "expires"]
    fields = ["user", "application", "scope", "expires", "created"]


@admin.register(Consent)
class ConsentAdmin(_ReadOnly):
    """What people have allowed."""

    list_display = ["user", "client", "audience", "granted_at"]
    list_select_related = ["user", "client"]


@admin.register(SigningKey)
class SigningKeyAdmin(_ReadOnly):
    """Signing keys: the public part, and where each is in its life."""

    list_display = ["kid", "alg", "state", "created_at", "activated_at", "retired_at"]
    list_filter = ["alg", "state"]
    fields = [
        "kid",
        "alg",
        "state",
        "public_jwk",
        "created_at",
        "activated_at",
        "retired_at",
    ]
    actions = ["rotate", "withdraw"]

    def has_rotate_permission(self, request: HttpRequest) -> bool:
        """Who may change signing keys may rotate and withdraw them."""
        return request.user.has_perm("ostiary_oauth.change_signingkey")

    @admin.action(description=_("Rotate: let the next key sign"), permissions=["rotate"])
    def rotate(self, request: HttpRequest, queryset: QuerySet[SigningKey]) -> None:
        """Rotate the algorithms of the chosen keys."""
        for alg in sorted({key.alg for key in queryset}):
            key = keys.rotate(alg)
            events.record(
                "signing_key.rotated",
                user=request.user,
                request=request,
                details={"alg": alg, "kid": key.kid},
            )

    @admin.action(
        description=_("Withdraw: stolen; refuse all they signed, now"), permissions=["rotate"]
    )
    def withdraw(self, request: HttpRequest, queryset: QuerySet[SigningKey]) -> None:
        """Stop publishing and accepting the chosen keys."""
        for key in list(queryset):
            keys.revoke(key.kid)
            events.record(
                "signing_key.revoked",
                user=request.user,
                request=request,
                details={"alg": key.alg, "kid": key.kid},
            )
