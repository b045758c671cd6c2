"""What pages of the admin share: every change of a row is told to the log."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest

from ostiary import events

from .forms import changes_of


class ToldAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """``kind`` is how the log names such rows, ``made`` what happened to a new one."""

    kind: ClassVar[str]
    made: ClassVar[str] = "changed"

    def about(self, obj: Any) -> dict[str, Any]:
        """What the log says of ``obj`` besides who did what."""
        raise NotImplementedError

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Save, and tell the log."""
        super().save_model(request, obj, form, change)
        self._record(request, "changed" if change else self.made, obj, **changes_of(form))

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """Delete, and tell the log."""
        self._record(request, "deleted", obj)
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Delete each, and tell the log."""
        with transaction.atomic():
            for obj in queryset:
                self.delete_model(request, obj)

    def _record(self, request: HttpRequest, what: str, obj: Any, **details: Any) -> None:
        about = self.about(obj)
        events.record(
            f"{self.kind}.{what}",
            user=request.user,
            request=request,
            client_id=about.pop("client_id", ""),
            details={**about, **details},
        )


class RuleAdmin(ToldAdmin):
    """Rules of an application."""

    def about(self, obj: Any) -> dict[str, Any]:
        """Whose rule, and which."""
        return {"client_id": obj.client.client_id, "rule": str(obj)}
