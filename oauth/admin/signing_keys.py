"""The keys that tokens are signed with."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from ostiary import events
from ostiary.admin import ReadOnlyAdmin

from .. import keys, signer
from ..models import SigningKey


@admin.register(SigningKey)
class SigningKeyAdmin(ReadOnlyAdmin):
    """Signing keys: the public part, and where each is in its life."""

    list_display = ["kid", "alg", "state", "created_at", "activated_at", "retired_at"]
    list_filter = ["alg", "state"]
    fields = [
        "kid",
        "alg",
        "state",
        "public_jwk",
        "created_at",
        "activated_at",
        "retired_at",
    ]
    actions = ["rotate", "withdraw"]

    def get_actions(  # the second parameter is of Django 6.1 and later
        self, request: HttpRequest, action_location: Any = None
    ) -> dict[str, Any]:
        """None where the keys are with a signer: they are changed there."""
        if signer.is_configured():
            return {}
        where = {"action_location": action_location} if action_location else {}
        return super().get_actions(request, **where)

    @admin.action(description=_("Rotate to the next key"), permissions=["change"])
    def rotate(self, request: HttpRequest, queryset: QuerySet[SigningKey]) -> None:
        """Rotate the algorithms of the chosen keys."""
        for alg in sorted({key.alg for key in queryset}):
            key = keys.rotate(alg)
            events.record(
                "signing_key.rotated",
                user=request.user,
                request=request,
                details={"alg": alg, "kid": key.kid},
            )

    @admin.action(
        description=_("Revoke as compromised and reject everything it signed"),
        permissions=["change"],
    )
    def withdraw(self, request: HttpRequest, queryset: QuerySet[SigningKey]) -> None:
        """Stop publishing and accepting the chosen keys."""
        for key in list(queryset):
            keys.revoke(key.kid)
            events.record(
                "signing_key.revoked",
                user=request.user,
                request=request,
                details={"alg": key.alg, "kid": key.kid},
            )
