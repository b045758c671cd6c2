"""The APIs that tokens are for."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from ..models import Api
from .told import ToldAdmin


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
                raise forms.ValidationError(_("“%s” is listed twice.") % name)
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
            "One per line: the name, a space, and a description that users understand, such as "
            "“orders:read See your orders”. Can only be requested together with this API."
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
class ApiAdmin(ToldAdmin):
    """APIs: their scopes, and the terms of the tokens for them."""

    form = ApiForm
    kind = "api"
    list_display = ["name", "identifier", "enabled", "revocation_policy"]
    list_filter = ["enabled"]
    search_fields = ["name", "identifier"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Clients and tokens out there name the identifier: it is chosen once."""
        return ["identifier"] if obj else []

    def about(self, obj: Api) -> dict[str, Any]:
        """Which API."""
        return {"api": obj.identifier}
