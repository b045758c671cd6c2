"""Who has which second factor, and which browsers are trusted."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from ostiary import events, privacy
from ostiary.admin import ReadOnlyAdmin

from ..models import AuthenticatorApp, EmailDevice, Phone, RecoveryCodes, TrustedDevice
from ..models.device import FactorDevice
from ..sms import numbers


class OfPersonAdmin(ReadOnlyAdmin):
    """Rows of a person: found by who that is, and leading to all of theirs."""

    list_select_related = ["user"]
    show_full_result_count = False

    def get_search_fields(self, request: HttpRequest) -> list[str]:
        """By the person's id, and by their address, whatever field that is."""
        return ["=user__pk", f"user__{get_user_model().get_email_field_name()}"]

    @admin.display(description=_("user"), ordering="user")
    def person(self, row: FactorDevice | TrustedDevice) -> str:
        """Leads to the page of everything that they have."""
        address = reverse(f"{self.admin_site.name}:ostiary_mfa_person", args=[row.user.pk])
        return format_html('<a href="{}">{}</a>', address, row.user)


class DeviceAdmin(OfPersonAdmin):
    """A kind of second factor."""

    list_display = ["__str__", "person", "confirmed", "created_at", "last_used_at"]
    list_filter = ["confirmed", "created_at", "last_used_at"]
    readonly_fields = ["created_at", "last_used_at"]


@admin.register(AuthenticatorApp)
class AuthenticatorAppAdmin(DeviceAdmin):
    """Authenticator apps, without their keys."""

    exclude = ["key", "last_t"]


@admin.register(RecoveryCodes)
class RecoveryCodesAdmin(DeviceAdmin):
    """Sets of recovery codes: how many are left, and none of them."""

    list_display = [*DeviceAdmin.list_display, "left"]
    readonly_fields = [*DeviceAdmin.readonly_fields, "left"]
    exclude = ["key"]

    @admin.display(description=_("codes left"))
    def left(self, codes: RecoveryCodes) -> int:
        """The number."""
        return codes.left()


@admin.register(Phone)
class PhoneAdmin(DeviceAdmin):
    """Telephones, by the last digits of their numbers; found by a whole one too."""

    exclude = ["number", "number_hash"]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Phone], search_term: str
    ) -> tuple[QuerySet[Phone], bool]:
        """By person, or by a number with its country, of which a hash is kept."""
        found, may_have_duplicates = super().get_search_results(request, queryset, search_term)
        by_number = queryset.filter(number_hash__in=numbers.hashes_of(search_term))
        return found | by_number, may_have_duplicates


@admin.register(EmailDevice)
class EmailDeviceAdmin(DeviceAdmin):
    """Codes by email."""


@admin.register(TrustedDevice)
class TrustedDeviceAdmin(OfPersonAdmin):
    """Browsers that people trust."""

    list_display = ["person", "created_at", "last_used_at", "expires_at"]
    list_filter = ["created_at", "expires_at"]
    fields = ["user", "user_agent", "created_at", "last_used_at", "expires_at"]
    readonly_fields = ["created_at", "last_used_at"]
    actions = ["end_trust"]

    @admin.action(description=_("Remove trust"), permissions=["change"])
    def end_trust(self, request: HttpRequest, queryset: QuerySet[TrustedDevice]) -> None:
        """The second step is asked for there again."""
        ended, operator = 0, privacy.pseudonym_of(request.user)
        for device in queryset.select_related("user"):
            details: dict[str, Any] = {"devices": 1, "operator": operator}
            with transaction.atomic():
                if TrustedDevice.objects.filter(pk=device.pk).delete()[0]:
                    ended += 1
                    events.record("trusted_device.removed", user=device.user, details=details)
        text = ngettext(
            "%d device is no longer trusted.", "%d devices are no longer trusted.", ended
        )
        self.message_user(request, text % ended, messages.SUCCESS)
