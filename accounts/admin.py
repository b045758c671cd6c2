"""The operator's view of people. No password, not even its hash, is shown."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from ostiary import sessions

from .models import User


@admin.register(User)
class UserAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """People: found by address, switched off, signed out everywhere."""

    list_display = ["email", "name", "is_active", "is_staff", "email_verified_at", "last_login"]
    list_filter = ["is_active", "is_staff", "date_joined"]
    search_fields = ["email", "name", "=id"]
    ordering = ["-id"]
    readonly_fields = ["id", "last_login", "date_joined", "updated_at"]
    filter_horizontal = ["groups", "user_permissions"]
    actions = ["deactivate", "end_sessions"]
    fieldsets = [
        (None, {"fields": ["id", "email", "email_verified_at", "is_active"]}),
        (
            _("Profile"),
            {
                "fields": [
                    "name",
                    "given_name",
                    "family_name",
                    "preferred_username",
                    "picture",
                    "locale",
                    "zoneinfo",
                ]
            },
        ),
        (
            _("What they may do"),
            {"fields": ["is_staff", "is_superuser", "groups", "user_permissions"]},
        ),
        (_("Times"), {"fields": ["last_login", "date_joined", "updated_at"]}),
    ]

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        """A person made here has no password yet: they set one by “forgot password”."""
        if not change:
            obj.set_unusable_password()
        super().save_model(request, obj, form, change)

    @admin.action(description=_("Switch off, and sign out everywhere"), permissions=["change"])
    def deactivate(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """The people can't sign in, and their sessions end."""
        for person in queryset:
            person.is_active = False
            person.save(update_fields=["is_active", "updated_at"])
            sessions.end_all(person, "operator")
        self.message_user(request, _("Switched off."), messages.SUCCESS)

    @admin.action(description=_("Sign out everywhere"), permissions=["change"])
    def end_sessions(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """Every session of the people ends."""
        ended = sum(sessions.end_all(person, "operator") for person in queryset)
        text = ngettext("%d session was ended.", "%d sessions were ended.", ended) % ended
        self.message_user(request, text, messages.SUCCESS)
