"""Applications."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.html import format_html_join
from django.utils.translation import gettext_lazy as _

from ostiary import events
from ostiary.assurance import ACR_ALIASES, Level

from .. import families, pairwise, security_profile
from ..client_metadata import METADATA, NUMBER_MAX, TEXT_MAX_LENGTH, Kind, Metadatum, Topic
from ..client_rules import AUTH_METHODS, GRANT_TYPES
from ..models import Client
from . import client_sessions, erasure_notices
from .forms import LinesField, SetField, changes_of, names, scope_choices
from .grants import say_ended

UNTOLD = frozenset({"contacts", "security_event_authorization"})
"""Fields of a client of which the log says only that they changed: they may name other people than
the operator whom it tells of, or are secret."""


def _field_of(known: Metadatum) -> forms.Field:
    """The form field of a metadatum."""
    shared: dict[str, Any] = {"label": known.label, "help_text": known.help, "required": False}
    match known.kind:
        case Kind.FLAG:
            return forms.BooleanField(**shared)
        case Kind.URL:
            return forms.URLField(assume_scheme="https", **shared)
        case Kind.COLOUR:
            return forms.CharField(max_length=7, **shared)
        case Kind.TEXT:
            return forms.CharField(max_length=TEXT_MAX_LENGTH, **shared)
        case Kind.NUMBER:
            return forms.IntegerField(min_value=0, max_value=NUMBER_MAX, **shared)
        case Kind.CHOICE:
            return forms.ChoiceField(choices=[("", "—"), *names(known.choices)], **shared)
        case Kind.SET:
            return SetField(choices=names(known.choices), **shared)
        case Kind.JWKS | Kind.TEXTS:
            return forms.JSONField(**shared)


_MetadataForm = type(
    "_MetadataForm",
    (forms.ModelForm,),
    {name: _field_of(known) for name, known in METADATA.items()},
)


def _fields_about(topic: Topic) -> list[Any]:
    """Names, in the form that a fieldset wants."""
    return [name for name, known in METADATA.items() if known.topic is topic]


class ClientForm(_MetadataForm):  # type: ignore[misc,valid-type]
    """Sets as check boxes; lists of texts as lines; the further metadata by their table."""

    grant_types = SetField(choices=names(GRANT_TYPES))
    token_endpoint_auth_methods = SetField(
        choices=names(AUTH_METHODS),
        required=False,
        label=_("Client authentication"),
        help_text=_(
            "None selected: by secret, in the header or the body; a public client not at all. "
            "“client_secret_jwt” and HS256 tokens need the secret itself, not only its hash. It’s "
            "then stored encrypted, and anyone with both the database and "
            "FIELD_ENCRYPTION_KEYS can read it and imitate the application: prefer "
            "“private_key_jwt”. Where only a hash is kept yet, saving makes a new secret."
        ),
    )
    scopes = SetField(choices=scope_choices, required=False, help_text=_("Scopes it may request."))
    audiences = LinesField(
        required=False,
        help_text=_(
            "APIs (RFC 8707 resource identifiers) it may get tokens for, one per line. The first "
            "is the default for client credentials."
        ),
    )
    serves = LinesField(
        required=False,
        help_text=_("APIs it provides, one per line. It may introspect their tokens."),
    )
    contacts = LinesField(
        required=False, help_text=_("Email addresses of its developers, one per line.")
    )
    security_event_authorization = forms.CharField(
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        label=_("Authorization header for the receiver"),
        help_text=_(
            "Such as “Bearer …”, if the receiver needs one. Stored encrypted and never shown "
            "again. Empty keeps the current one; changing the URL removes it."
        ),
    )
    required_acr = forms.ChoiceField(
        choices=[
            ("", _("Any")),
            *names((*(level.value for level in Level), *ACR_ALIASES)),
        ],
        required=False,
        label=_("Required assurance"),
        help_text=_("Minimum acr required to sign in to it."),
    )

    class Meta:
        model = Client
        fields = ["grant_types", "redirect_uris", "post_logout_redirect_uris", "allowed_origins"]
        help_texts = {
            "redirect_uris": _(
                "One per line, compared as exact strings. Only the port of http://127.0.0.1, "
                "http://[::1] and, unless turned off for this site, http://localhost may "
                "differ."
            ),
            "post_logout_redirect_uris": _("Where users may be sent after signing out."),
            "allowed_origins": _(
                "For a public application: additional origins, such as https://app.example.com, "
                "that send credentials. Origins of its redirect URIs are always allowed."
            ),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.update({name: self.instance.registered(name) for name in METADATA})

    def clean(self) -> dict[str, Any]:
        """Keep the metadata where the client reads them; its own ``clean`` judges them."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        self.instance.metadata = {
            name: cleaned[name]
            for name, known in METADATA.items()
            if cleaned.get(name) not in (known.empty, None, [])
        }
        header = cleaned.get("security_event_authorization")
        if header or "security_event_uri" in self.changed_data:
            self.instance.security_event_secret = header or None
        return cleaned

    def _post_clean(self) -> None:
        """Once the client as such is right, ask its sector, if what that is about has changed."""
        super()._post_clean()
        if not self.errors and {"sector_identifier_uri", "redirect_uris"} & {*self.changed_data}:
            try:
                pairwise.check_sector(self.instance)
            except ValidationError as error:
                self.add_error(None, error)


class ClientAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Applications. A secret is shown once, on the page that answers its making."""

    form = ClientForm
    list_display = [
        *("name", "client_id", "client_type", "enabled", "first_party"),
        *("registration_source", "user"),
    ]
    list_select_related = ["user"]
    list_filter = [
        *("enabled", "client_type", "first_party", "registration_source", "pkce_exempt"),
    ]
    search_fields = ["name", "client_id"]
    readonly_fields = [
        "created",
        "updated",
        "secret_state",
        "profile_state",
        "backchannel_logout_state",
        "erasure_notices_state",
        "registration_source",
    ]
    raw_id_fields = ["user"]
    formfield_overrides = {models.URLField: {"assume_scheme": "https"}}
    view_on_site = False
    actions = ["rotate_secret", "disable", "revoke_tokens"]
    fieldsets = [
        (None, {"fields": ["name", "client_id", "client_type", "enabled", "first_party"]}),
        (
            Topic.PROOF.value,
            {
                "fields": [
                    "secret_state",
                    "token_endpoint_auth_methods",
                    *_fields_about(Topic.PROOF),
                    "profile_state",
                ]
            },
        ),
        (
            _("Permissions"),
            {
                "fields": [
                    "grant_types",
                    "redirect_uris",
                    "post_logout_redirect_uris",
                    "allowed_origins",
                    "scopes",
                    "audiences",
                    "serves",
                    "required_acr",
                ]
            },
        ),
        (Topic.REQUEST.value, {"fields": ["pkce_exempt", *_fields_about(Topic.REQUEST)]}),
        (
            Topic.TOKENS.value,
            {
                "fields": [
                    "access_token_lifetime",
                    "id_token_lifetime",
                    "refresh_token_idle_lifetime",
                    "refresh_token_lifetime",
                    "id_token_signed_response_alg",
                    "access_token_signing_alg",
                    "revocation_policy",
                    "subject_type",
                    *_fields_about(Topic.TOKENS),
                ]
            },
        ),
        (
            Topic.LOGOUT.value,
            {"fields": [*_fields_about(Topic.LOGOUT), "backchannel_logout_state"]},
        ),
        (
            Topic.ERASURE.value,
            {
                "fields": [
                    *_fields_about(Topic.ERASURE),
                    "security_event_authorization",
                    "erasure_notices_state",
                ]
            },
        ),
        (
            Topic.ABOUT.value,
            {
                "fields": [
                    "client_uri",
                    "logo_uri",
                    "policy_uri",
                    "tos_uri",
                    "contacts",
                    *_fields_about(Topic.ABOUT),
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
            return str(_("Created and shown when you save a confidential application."))
        if client.is_public:
            return str(_("None (public client)."))
        if not client.secret_hash:
            return str(_("None yet. Use the action “New secret” in the list."))
        if client.keeps_secret_readable:
            return str(_("Stored encrypted, because it signs with it. Never shown again."))
        if client.previous_secret_hash:
            return str(_("Two: the new one, and the previous one until it expires."))
        return str(_("One. It was shown when it was created."))

    @admin.display(description=_("back-channel logout"))
    def backchannel_logout_state(self, client: Client) -> str:
        """Whether it hears what we tell it."""
        return "–" if client._state.adding else client_sessions.summary(client)

    @admin.display(description=_("erasure notices"))
    def erasure_notices_state(self, client: Client) -> str:
        """Whether it hears them, and by what."""
        return "–" if client._state.adding else erasure_notices.summary(client)

    @admin.display(description=_("Missing for fapi2"))
    def profile_state(self, client: Client) -> str:
        """What keeps the saved registration from the FAPI 2.0 profile, one a line."""
        if client._state.adding:
            return str(_("Shown after saving."))
        lacks = security_profile.missing(client)
        return format_html_join("", "<p>{}</p>", ((lack,) for lack in lacks)) or str(_("Nothing."))

    def save_model(self, request: HttpRequest, obj: Client, form: Any, change: bool) -> None:
        """Save, tell the log, and give a confidential client its first secret, or the first that
        can be kept as it needs to be."""
        new_secret = (
            not obj.shared_secret()
            if obj.keeps_secret_readable
            else not change and not obj.is_public
        )
        if new_secret:
            obj.rotate_secret()
        super().save_model(request, obj, form, change)
        changes = changes_of(form)
        events.record(
            "client.changed" if change else "client.registered",
            user=request.user,
            request=request,
            client_id=obj.client_id,
            details={name: "changed" if name in UNTOLD else told for name, told in changes.items()},
        )
        if change and new_secret:
            self._record(request, "client.secret_rotated", obj)

    def response_add(
        self, request: HttpRequest, obj: Client, post_url_continue: str | None = None
    ) -> HttpResponse:
        """The new client's secret, if it has one."""
        if obj.fresh_secret:
            return self._secrets_page(request, [obj])
        return super().response_add(request, obj, post_url_continue)

    def response_change(self, request: HttpRequest, obj: Client) -> HttpResponse:
        """The secret that the change has made, if it made one."""
        if obj.fresh_secret:
            return self._secrets_page(request, [obj])
        return super().response_change(request, obj)

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
        description=_("New secret (the previous one works for 7 more days)"), permissions=["change"]
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

    @admin.action(description=_("Disable and revoke all tokens"), permissions=["change"])
    def disable(self, request: HttpRequest, queryset: QuerySet[Client]) -> None:
        """Switch off and revoke."""
        with transaction.atomic():
            for client in queryset.filter(enabled=True):
                changed = {"before": True, "after": False}
                self._record(request, "client.changed", client, enabled=changed)
            self.revoke_tokens(request, queryset)
            queryset.update(enabled=False)

    @admin.action(description=_("Revoke all tokens"), permissions=["change"])
    def revoke_tokens(self, request: HttpRequest, queryset: QuerySet[Client]) -> None:
        """Revoke every grant of the chosen clients."""
        count = 0
        with transaction.atomic():
            for client in queryset:
                ended = families.revoke_all_of(client, "operator")
                self._record(request, "client.tokens_revoked", client, grants=ended)
                count += ended
        say_ended(self, request, count)

    def _record(self, request: HttpRequest, kind: str, client: Client, **details: Any) -> None:
        events.record(
            kind, user=request.user, request=request, client_id=client.client_id, details=details
        )
