"""Groups, which give permissions to their members: changed by superusers, as permissions are."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.auth import admin as auth_admin
from django.contrib.auth.models import Group
from django.http import HttpRequest

from ostiary import events
from ostiary.admin import FreshOperatorMixin

admin.site.unregister(Group)  # Django's, which the import above has registered


@admin.register(Group)
class GroupAdmin(FreshOperatorMixin, auth_admin.GroupAdmin):
    """Whoever could change a group that they are in would give themselves any permission."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Superusers."""
        return bool(getattr(request.user, "is_superuser", False))

    def has_change_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        """Superusers."""
        return self.has_add_permission(request)

    def has_delete_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        """Superusers."""
        return self.has_add_permission(request)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Save the permissions, and tell the log which there were and are."""
        group: Group = form.instance
        before = _permissions_of(group)
        super().save_related(request, form, formsets, change)
        _record(request, group, before, _permissions_of(group))

    def delete_model(self, request: HttpRequest, obj: Group) -> None:
        """Delete it, and tell the log."""
        _record(request, obj, _permissions_of(obj), [])
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        """The same for several."""
        for group in queryset:
            self.delete_model(request, group)


def _permissions_of(group: Group) -> list[str]:
    found = group.permissions.values_list("content_type__app_label", "codename")
    return sorted(f"{app}.{codename}" for app, codename in found)


def _record(request: HttpRequest, group: Group, before: list[str], after: list[str]) -> None:
    events.record(
        "group.changed",
        user=request.user,
        request=request,
        details={"group": group.name, "before": before, "after": after},
    )
