"""What the pages of rules share: every change of one is told to the log."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest

from ostiary import events

from .forms import changes_of


class RuleAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Rules of an application; ``kind`` is how the log names them."""

    kind: ClassVar[str]

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Save, and tell the log."""
        super().save_model(request, obj, form, change)
        self._record(request, "changed", obj, **changes_of(form))

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """Delete, and tell the log."""
        self._record(request, "deleted", obj)
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Delete each, and tell the log."""
        with transaction.atomic():
            for rule in queryset:
                self.delete_model(request, rule)

    def _record(self, request: HttpRequest, what: str, rule: Any, **details: Any) -> None:
        events.record(
            f"{self.kind}.{what}",
            user=request.user,
            request=request,
            client_id=rule.client.client_id,
            details={"rule": str(rule), **details},
        )
