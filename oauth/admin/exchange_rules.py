"""Which application may exchange which token for which other (RFC 8693)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from ostiary import events

from ..models import ExchangeRule
from .forms import SetField, changes_of, scope_choices


class ExchangeRuleForm(forms.ModelForm):  # type: ignore[type-arg]
    """Scopes as check boxes."""

    scopes = SetField(choices=scope_choices, help_text=_("The most that it gets."))

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
        self._record(request, "exchange_rule.changed", obj, **changes_of(form))

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
