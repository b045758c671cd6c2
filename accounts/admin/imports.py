"""Who people were in the system that they came from."""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest

from ..models import ImportedIdentity


@admin.register(ImportedIdentity)
class ImportedIdentityAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Looked up by either id; written by ``import_users`` only."""

    list_display = ["source", "external_id", "user", "imported_at"]
    list_filter = ["source"]
    list_select_related = ["user"]
    search_fields = ["=external_id", "=user__pk"]
    ordering = ["-id"]
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody."""
        return False

    def has_change_permission(
        self, request: HttpRequest, obj: ImportedIdentity | None = None
    ) -> bool:
        """Nobody."""
        return False

    def has_delete_permission(
        self, request: HttpRequest, obj: ImportedIdentity | None = None
    ) -> bool:
        """Nobody: it goes with the account."""
        return False
