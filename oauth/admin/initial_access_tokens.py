"""Tokens that let applications register themselves."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _

from ..client_rules import GRANT_TYPES
from ..models import InitialAccessToken
from .forms import LinesField, SetField, names, scope_choices
from .told import ToldAdmin


class InitialAccessTokenForm(forms.ModelForm):  # type: ignore[type-arg]
    """Sets as check boxes, lists as lines."""

    scopes = SetField(
        choices=scope_choices,
        required=False,
        help_text=_("Scopes its clients may request. None selected: those of REGISTRATION_SCOPES."),
    )
    grant_types = SetField(
        choices=names(GRANT_TYPES),
        required=False,
        help_text=_("None selected: authorization_code and refresh_token."),
    )
    audiences = LinesField(
        required=False,
        help_text=_(
            "APIs its clients may get tokens for, one per line. Empty: REGISTRATION_AUDIENCES."
        ),
    )

    class Meta:
        model = InitialAccessToken
        fields = ["note", "expires_at", "uses_left", "scopes", "grant_types", "audiences"]


@admin.register(InitialAccessToken)
class InitialAccessTokenAdmin(ToldAdmin):
    """Initial access tokens (RFC 7591 §3). A token is shown once, when it is made; deleting it ends
    it, and what it registered stays."""

    form = InitialAccessTokenForm
    kind = "initial_access_token"
    made = "made"
    list_display = ["note", "created_at", "expires_at", "uses_left"]
    search_fields = ["note"]

    def save_model(
        self, request: HttpRequest, obj: InitialAccessToken, form: Any, change: bool
    ) -> None:
        """Save, tell the log, and make a new one's token."""
        if not change:
            obj.make()
        super().save_model(request, obj, form, change)

    def response_add(
        self, request: HttpRequest, obj: InitialAccessToken, post_url_continue: str | None = None
    ) -> HttpResponse:
        """The token, in the answer itself: a message would lie in the session's row."""
        return TemplateResponse(
            request,
            "admin/ostiary_oauth/initialaccesstoken/token.html",
            {
                **self.admin_site.each_context(request),
                "title": _("New initial access token"),
                "opts": self.opts,
                "token": obj,
            },
        )

    def about(self, obj: InitialAccessToken) -> dict[str, Any]:
        """Which token."""
        return {"token": str(obj.pk)}
