"""The APIs that tokens are for."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from ostiary import events

from ..models import Api
from .forms import changes_of


class ScopesField(forms.CharField):
    """A JSON object of scopes and their words, one scope a line: its name, a space, its words."""

    widget = forms.Textarea

    def prepare_value(self, value: Any) -> Any:
        """The object as lines."""
        if isinstance(value, dict):
            return "\n".join(f"{name} {words}" for name, words in value.items())
        return value

    def to_python(self, value: Any) -> Any:
        """The lines as an object. Raises ``ValidationError`` for a scope that is named twice."""
        found: dict[str, str] = {}
        for line in (value or "").splitlines():
            name, _space, words = line.strip().partition(" ")
            if name in found:
                raise forms.ValidationError(_("“%s” is there twice.") % name)
            if name:
                found[name] = words.strip()
        return found

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Whether the scopes differ."""
        return bool((initial or {}) != self.to_python(data))


class ApiForm(forms.ModelForm):  # type: ignore[type-arg]
    """Scopes as lines."""

    scopes = ScopesField(
        required=False,
        help_text=_(
            "One a line: its name, a space, and what it allows in words that people understand, as "
            "in “orders:read See your orders”. It can be asked for only together with this API."
        ),
    )

    class Meta:
        model = Api
        fields = [
            "name",
            "identifier",
            "enabled",
            "scopes",
            "access_token_lifetime",
            "access_token_signing_alg",
            "revocation_policy",
        ]


@admin.register(Api)
class ApiAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """APIs: their scopes, and the terms of the tokens for them."""

    form = ApiForm
    list_display = ["name", "identifier", "enabled", "revocation_policy"]
    list_filter = ["enabled"]
    search_fields = ["name", "identifier"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Clients and tokens out there name the identifier: it is chosen once."""
        return ["identifier"] if obj else []

    def save_model(self, request: HttpRequest, obj: Api, form: Any, change: bool) -> None:
        """Save, and tell the log."""
        super().save_model(request, obj, form, change)
        self._record(request, "api.changed", obj, **changes_of(form))

    def delete_model(self, request: HttpRequest, obj: Api) -> None:
        """Delete, and tell the log."""
        self._record(request, "api.deleted", obj)
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Api]) -> None:
        """Delete each, and tell the log."""
        with transaction.atomic():
            for api in queryset:
                self.delete_model(request, api)

    def _record(self, request: HttpRequest, kind: str, api: Api, **details: Any) -> None:
        events.record(
            kind,
            user=request.user,
            request=request,
            details={"api": api.identifier, **details},
        )
