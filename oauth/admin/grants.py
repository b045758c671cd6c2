"""What people gave applications, and what became of it."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from ostiary import events, privacy
from ostiary.admin import ReadOnlyAdmin, ReasonFilter

from .. import families
from ..models import AccessToken, Consent, DeviceGrant, Grant


def say_ended(model_admin: Any, request: HttpRequest, count: int) -> None:
    """Tell the operator how many grants an action ended."""
    text = ngettext("%d grant was revoked.", "%d grants were revoked.", count) % count
    model_admin.message_user(request, text, messages.SUCCESS)


class GrantAdmin(ReadOnlyAdmin):
    """What people gave applications, and whether it still stands."""

    list_display = ["id", "user", "application", "created", "redeemed_at", "revoked_at"]
    list_filter = ["application", ("revoked_reason", ReasonFilter)]
    list_select_related = ["user", "application"]
    fields = [
        "user",
        "application",
        "scope",
        "resource",
        "acr",
        "amr",
        "offline",
        "created",
        "redeemed_at",
        "ends_at",
        "revoked_at",
        "revoked_reason",
    ]
    actions = ["revoke"]

    @admin.action(description=_("Revoke"), permissions=["change"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[Grant]) -> None:
        """End the families of the chosen grants."""
        count = 0
        with transaction.atomic():
            for grant in queryset.select_related("user", "application"):
                if families.revoke(Q(pk=grant.pk), "operator"):
                    count += 1
                    events.record(
                        "grant.revoked",
                        user=grant.user,
                        client_id=grant.application.client_id,
                        details={
                            "grant": str(grant.pk),
                            "operator": privacy.pseudonym_of(request.user),
                        },
                    )
        say_ended(self, request, count)


class RefreshTokenAdmin(ReadOnlyAdmin):
    """Live refresh tokens, without the tokens."""

    list_display = ["id", "user", "application", "generation", "idle_expires_at", "expires_at"]
    list_select_related = ["user", "application"]
    fields = ["user", "application", "generation", "created", "idle_expires_at", "expires_at"]


class AccessTokenAdmin(ReadOnlyAdmin):
    """The opaque access tokens, without the tokens. Those of the other policies are signed and
    stored nowhere."""

    list_display = ["id", "person", "application", "expires", "good"]
    list_select_related = ["grant__user", "grant__application", "application"]
    list_filter = ["application"]
    fields = ["person", "application", "scope", "resource", "created", "expires", "good"]

    @admin.display(description=_("user"))
    def person(self, token: AccessToken) -> str:
        """Who gave it; nobody for an application's own."""
        return str(token.grant.user) if token.grant else "—"

    @admin.display(description=_("active"), boolean=True)
    def good(self, token: AccessToken) -> bool:
        """Whether it would be taken now."""
        return bool(
            token.expires > timezone.now()
            and token.application.enabled
            and (token.grant is None or families.is_alive(token.grant))
        )


class IDTokenAdmin(ReadOnlyAdmin):
    """ID tokens that are kept."""

    list_display = ["id", "user", "application", "expires"]
    fields = ["user", "application", "scope", "expires", "created"]


@admin.register(Consent)
class ConsentAdmin(ReadOnlyAdmin):
    """What people have allowed."""

    list_display = ["user", "client", "audience", "granted_at"]
    list_select_related = ["user", "client"]


@admin.register(DeviceGrant)
class DeviceGrantAdmin(ReadOnlyAdmin):
    """Devices that wait for a person's decision, without their codes."""

    list_display = ["id", "application", "status", "user", "ip_address", "expires"]
    list_filter = ["status"]
    list_select_related = ["application", "user"]
    fields = [
        "application",
        "status",
        "user",
        "scope",
        "resource",
        "ip_address",
        "interval",
        "last_polled_at",
        "expires",
    ]
