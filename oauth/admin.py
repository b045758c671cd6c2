"""The operator's view of applications, grants and keys. No secret, code or token is ever shown,
but for a client's new secret, once.

The toolkit's own admin registers most of these models with the classes named in
``OAUTH2_PROVIDER``; the rest are registered here.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db import models, transaction
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from ostiary import events
from ostiary.admin import ReadOnlyAdmin, ReasonFilter
from ostiary.assurance import ACR_ALIASES, Level

from . import families, keys, scopes
from .client_metadata import METADATA
from .models import Client, Consent, DeviceGrant, ExchangeRule, Grant, SigningKey
from .models.client import AUTH_METHODS, GRANT_TYPES

PERSONAL = frozenset({"contacts"})
"""Fields of a client whose values the log keeps encrypted."""


class _SetField(forms.MultipleChoiceField):
    """A JSON list of known values, as check boxes."""

    widget = forms.CheckboxSelectMultiple


class _LinesField(forms.CharField):
    """A JSON list of texts, one a line."""

    widget = forms.Textarea

    def prepare_value(self, value: Any) -> Any:
        """The list as lines."""
        return "\n".join(map(str, value)) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        """The lines as a list, empty ones left out."""
        return [line.strip() for line in (value or "").splitlines() if line.strip()]

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Whether the lists differ."""
        return bool((initial or []) != self.to_python(data))


def _names(values: tuple[str, ...]) -> list[tuple[str, str]]:
    return [(value, value) for value in values]


def _scopes() -> list[tuple[str, str]]:
    return [(name, f"{name}: {words}") for name, words in scopes.descriptions().items()]


class ClientForm(forms.ModelForm):  # type: ignore[type-arg]
    """Sets as check boxes; lists of texts as lines."""

    grant_types = _SetField(choices=_names(GRANT_TYPES))
    token_endpoint_auth_methods = _SetField(
        choices=_names(AUTH_METHODS),
        required=False,
        label=_("Client authentication"),
        help_text=_("None chosen: by its secret, in the header or the body; a public one not."),
    )
    scopes = _SetField(choices=_scopes, required=False, help_text=_("What it may ask for."))
    audiences = _LinesField(
        required=False,
        help_text=_(
            "APIs (RFC 8707 resource identifiers) it may get tokens for, one a line. The first is "
            "taken when it acts for itself and names none."
        ),
    )
    serves = _LinesField(
        required=False,
        help_text=_("APIs that it is, or answers for, one a line: whose tokens it may introspect."),
    )
    contacts = _LinesField(required=False, help_text=_("How to reach its makers, one a line."))
    required_acr = forms.ChoiceField(
        choices=[
            ("", _("Any")),
            *_names((*(level.value for level in Level), *ACR_ALIASES)),
        ],
        required=False,
        label=_("Required assurance"),
        help_text=_("The least acr with which people may sign in to it."),
    )

    jwks_uri = forms.URLField(
        label=METADATA["jwks_uri"].label,
        required=False,
        assume_scheme="https",
        help_text=_("For private_key_jwt: where it publishes its keys, or else the keys below."),
    )
    jwks = forms.JSONField(label=METADATA["jwks"].label, required=False)
    token_endpoint_auth_signing_alg = forms.ChoiceField(
        label=METADATA["token_endpoint_auth_signing_alg"].label,
        choices=[("", _("Any")), *_names(METADATA["token_endpoint_auth_signing_alg"].choices)],
        required=False,
    )
    dpop_bound_access_tokens = forms.BooleanField(
        label=METADATA["dpop_bound_access_tokens"].label,
        required=False,
        help_text=_("It gets no token without proof of a key of its own (RFC 9449)."),
    )

    class Meta:
        model = Client
        fields = ["grant_types", "redirect_uris", "post_logout_redirect_uris"]
        help_texts = {
            "redirect_uris": _(
                "One a line, compared as exact strings. Only the port of http://127.0.0.1 and "
                "http://[::1] may differ."
            ),
            "post_logout_redirect_uris": _("Where people may be sent after signing out."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.update({name: self.instance.registered(name) for name in METADATA})

    def clean(self) -> dict[str, Any]:
        """Keep the metadata where the client reads them; its own ``clean`` judges them."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        self.instance.metadata = {name: cleaned[name] for name in METADATA if cleaned.get(name)}
        return cleaned


def _told(value: Any) -> Any:
    """A form's value as the log keeps it."""
    if isinstance(value, models.Model):
        return str(value.pk)
    return value if value is None or isinstance(value, bool | int | list) else str(value)


def _changes(form: Any) -> dict[str, dict[str, Any]]:
    """What a form changed: each field's value before and after."""
    return {
        name: {
            "before": _told(form.initial.get(name)),
            "after": _told(form.cleaned_data[name]),
        }
        for name in form.changed_data
    }


class ClientAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Applications. A secret is shown once, on the page that answers its making."""

    form = ClientForm
    list_display = ["name", "client_id", "client_type", "enabled", "first_party"]
    list_filter = ["enabled", "client_type", "first_party", "registration_source"]
    search_fields = ["name", "client_id"]
    readonly_fields = ["created", "updated", "secret_state", "registration_source"]
    raw_id_fields = ["user"]
    formfield_overrides = {models.URLField: {"assume_scheme": "https"}}
    view_on_site = False
    actions = ["rotate_secret", "disable", "revoke_tokens"]
    fieldsets = [
        (None, {"fields": ["name", "client_id", "client_type", "enabled", "first_party"]}),
        (
            _("Who it proves to be"),
            {
                "fields": [
                    "secret_state",
                    "token_endpoint_auth_methods",
                    "jwks_uri",
                    "jwks",
                    "token_endpoint_auth_signing_alg",
                    "dpop_bound_access_tokens",
                ]
            },
        ),
        (
            _("What it may do"),
            {
                "fields": [
                    "grant_types",
                    "redirect_uris",
                    "post_logout_redirect_uris",
                    "scopes",
                    "audiences",
                    "serves",
                    "required_acr",
                ]
            },
        ),
        (
            _("Tokens"),
            {
                "fields": [
                    "access_token_lifetime",
                    "id_token_lifetime",
                    "refresh_token_idle_lifetime",
                    "refresh_token_lifetime",
                    "id_token_signed_response_alg",
                    "access_token_signing_alg",
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
                    "registration_source",
                    "created",
                    "updated",
                ]
            },
        ),
    ]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Tokens and configurations out there name the client ID: it is chosen once."""
        return [*self.readonly_fields, *(["client_id"] if obj else [])]

    @admin.display(description=_("secret"))
    def secret_state(self, client: Client) -> str:
        """Whether there is one; never what it is."""
        if client._state.adding:
            return str(_("Made when you save a confidential one, and shown then."))
        if client.is_public:
            return str(_("None: a public client."))
        if not client.secret_hash:
            return str(_("None yet. Use the action “New secret” in the list."))
        if client.previous_secret_hash:
            return str(_("Two: the new one, and the one before until its overlap ends."))
        return str(_("One. It was shown when it was made."))

    def save_model(self, request: HttpRequest, obj: Client, form: Any, change: bool) -> None:
        """Save, tell the log, and give a new confidential client its first secret."""
        if not change and not obj.is_public:
            obj.rotate_secret()
        super().save_model(request, obj, form, change)
        changes = _changes(form)
        events.record(
            "client.changed" if change else "client.registered",
            user=request.user,
            request=request,
            client_id=obj.client_id,
            details={name: told for name, told in changes.items() if name not in PERSONAL},
            personal={name: told for name, told in changes.items() if name in PERSONAL},
        )

    def response_add(
        self, request: HttpRequest, obj: Client, post_url_continue: str | None = None
    ) -> HttpResponse:
        """The new client's secret, if it has one."""
        if obj.fresh_secret:
            return self._secrets_page(request, [obj])
        return super().response_add(request, obj, post_url_continue)

    def _secrets_page(self, request: HttpRequest, clients: list[Client]) -> HttpResponse:
        """Shown in the answer itself: a message would lie in the session's row until it is read."""
        return TemplateResponse(
            request,
            "admin/ostiary_oauth/client/secrets.html",
            {
                **self.admin_site.each_context(request),
                "title": _("New secrets"),
                "opts": self.opts,
                "clients": clients,
            },
        )

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """With a client go its grants and consents, which nobody may delete by themselves."""
        deleted, count, _needed, protected = super().get_deleted_objects(objs, request)
        return deleted, count, set(), protected

    def delete_model(self, request: HttpRequest, obj: Client) -> None:
        """Delete, and tell the log."""
        self._record(request, "client.deleted", obj, name=obj.name)
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Client]) -> None:
        """Delete each, and tell the log."""
        with transaction.atomic():
            for client in queryset:
                self.delete_model(request, client)

    @admin.action(
        description=_("New secret (the one before works for 7 days more)"), permissions=["change"]
    )
    def rotate_secret(
        self, request: HttpRequest, queryset: QuerySet[Client]
    ) -> HttpResponse | None:
        """Make and show a new secret for each confidential client."""
        clients = list(queryset.exclude(client_type=Client.CLIENT_PUBLIC))
        with transaction.atomic():
            for client in clients:
                client.rotate_secret()
                client.save()
                self._record(request, "client.secret_rotated", client)
        if not clients:
            self.message_user(request, _("A public client has no secret."), messages.WARNING)
            return None
        return self._secrets_page(request, clients)

    @admin.action(description=_("Disable, and end all their tokens"), permissions=["change"])
    def disable(self, request: HttpRequest, queryset: QuerySet[Client]) -> None:
        """Switch off and revoke."""
        with transaction.atomic():
            for client in queryset.filter(enabled=True):
                changed = {"before": True, "after": False}
                self._record(request, "client.changed", client, enabled=changed)
            self.revoke_tokens(request, queryset)
            queryset.update(enabled=False)

    @admin.action(description=_("End all their tokens"), permissions=["change"])
    def revoke_tokens(self, request: HttpRequest, queryset: QuerySet[Client]) -> None:
        """Revoke every grant of the chosen clients."""
        count = 0
        with transaction.atomic():
            for client in queryset:
                ended = families.revoke(Q(application=client), "operator")
                self._record(request, "client.tokens_revoked", client, grants=ended)
                count += ended
        _say_ended(self, request, count)

    def _record(self, request: HttpRequest, kind: str, client: Client, **details: Any) -> None:
        events.record(
            kind, user=request.user, request=request, client_id=client.client_id, details=details
        )


def _say_ended(model_admin: Any, request: HttpRequest, count: int) -> None:
    text = ngettext("%d grant was ended.", "%d grants were ended.", count) % count
    model_admin.message_user(request, text, messages.SUCCESS)


class GrantAdmin(ReadOnlyAdmin):
    """What people gave applications, and whether it still stands."""

    list_display = ["id", "user", "application", "created", "redeemed_at", "revoked_at"]
    list_filter = ["application", ("revoked_reason", ReasonFilter)]
    list_select_related = ["user", "application"]
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

    @admin.action(description=_("Revoke"), permissions=["change"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[Grant]) -> None:
        """End the families of the chosen grants."""
        count = 0
        with transaction.atomic():
            for grant in queryset.select_related("user", "application"):
                if families.revoke(Q(pk=grant.pk), "operator"):
                    count += 1
                    events.record(
                        "grant.revoked",
                        user=grant.user,
                        client_id=grant.application.client_id,
                        details={"grant": str(grant.pk), "operator": str(request.user.pk)},
                    )
        _say_ended(self, request, count)


class RefreshTokenAdmin(ReadOnlyAdmin):
    """Live refresh tokens, without the tokens."""

    list_display = ["id", "user", "application", "generation", "idle_expires_at", "expires_at"]
    list_select_related = ["user", "application"]
    fields = ["user", "application", "generation", "created", "idle_expires_at", "expires_at"]


class AccessTokenAdmin(ReadOnlyAdmin):
    """Access tokens that are kept."""

    list_display = ["id", "user", "application", "expires"]
    fields = ["user", "application", "scope", "expires", "created"]


class IDTokenAdmin(ReadOnlyAdmin):
    """ID tokens that are kept."""

    list_display = ["id", "user", "application", "expires"]
    fields = ["user", "application", "scope", "expires", "created"]


@admin.register(Consent)
class ConsentAdmin(ReadOnlyAdmin):
    """What people have allowed."""

    list_display = ["user", "client", "audience", "granted_at"]
    list_select_related = ["user", "client"]


@admin.register(DeviceGrant)
class DeviceGrantAdmin(ReadOnlyAdmin):
    """Devices that wait for a person's decision, without their codes."""

    list_display = ["id", "application", "status", "user", "ip_address", "expires"]
    list_filter = ["status"]
    list_select_related = ["application", "user"]
    fields = [
        "application",
        "status",
        "user",
        "scope",
        "resource",
        "ip_address",
        "interval",
        "last_polled_at",
        "expires",
    ]


class ExchangeRuleForm(forms.ModelForm):  # type: ignore[type-arg]
    """Scopes as check boxes."""

    scopes = _SetField(choices=_scopes, help_text=_("The most that it gets."))

    class Meta:
        model = ExchangeRule
        fields = [
            "client",
            "subject_audience",
            "target_audience",
            "scopes",
            "delegation",
            "lifetime",
        ]


@admin.register(ExchangeRule)
class ExchangeRuleAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Which application may exchange which token for which other (RFC 8693)."""

    form = ExchangeRuleForm
    list_display = ["client", "subject_audience", "target_audience", "delegation", "lifetime"]
    list_select_related = ["client"]

    def save_model(self, request: HttpRequest, obj: ExchangeRule, form: Any, change: bool) -> None:
        """Save, and tell the log."""
        super().save_model(request, obj, form, change)
        self._record(request, "exchange_rule.changed", obj, **_changes(form))

    def delete_model(self, request: HttpRequest, obj: ExchangeRule) -> None:
        """Delete, and tell the log."""
        self._record(request, "exchange_rule.deleted", obj)
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[ExchangeRule]) -> None:
        """Delete each, and tell the log."""
        with transaction.atomic():
            for rule in queryset:
                self.delete_model(request, rule)

    def _record(self, request: HttpRequest, kind: str, rule: ExchangeRule, **details: Any) -> None:
        events.record(
            kind,
            user=request.user,
            request=request,
            client_id=rule.client.client_id,
            details={"rule": str(rule), **details},
        )


@admin.register(SigningKey)
class SigningKeyAdmin(ReadOnlyAdmin):
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

    @admin.action(description=_("Rotate: let the next key sign"), permissions=["change"])
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
        description=_("Withdraw: stolen; refuse all they signed, now"), permissions=["change"]
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
