"""Which application may exchange which token for which other (RFC 8693)."""

from __future__ import annotations

from django import forms
from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from ..models import ExchangeRule
from .forms import SetField, scope_choices
from .told import RuleAdmin


class ExchangeRuleForm(forms.ModelForm):  # type: ignore[type-arg]
    """Scopes as check boxes."""

    scopes = SetField(choices=scope_choices, help_text=_("Maximum scopes of the new token."))

    class Meta:
        model = ExchangeRule
        fields = [
            "client",
            "subject_audience",
            "target_audience",
            "scopes",
            "delegation",
            "actor_tokens",
            "lifetime",
        ]


@admin.register(ExchangeRule)
class ExchangeRuleAdmin(RuleAdmin):
    """Which application may exchange which token for which other (RFC 8693)."""

    form = ExchangeRuleForm
    kind = "exchange_rule"
    list_display = ["client", "subject_audience", "target_audience", "delegation", "lifetime"]
    list_select_related = ["client"]
