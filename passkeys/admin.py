"""The operator's view of passkeys: which there are, and removing one for a person who asks.

No key is shown; a passkey's id is no secret, and says nothing to anybody.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ActionForm
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from ostiary import factor_resets
from ostiary.admin import ReadOnlyAdmin
from ostiary.assurance import step_up
from ostiary.factor_resets import Outcome

from . import authenticators
from .models import AuthenticatorModel, Credential

PERMISSION = "ostiary_passkeys.change_credential"


class ReasonForm(ActionForm):
    """Why the operator does it; the person is told."""

    reason = forms.CharField(label=_("Reason"), max_length=500, required=False)


@admin.register(Credential)
class CredentialAdmin(ReadOnlyAdmin):
    """The passkeys of people."""

    list_display = [
        "name",
        "person",
        "authenticator",
        "backup_eligible",
        "created_at",
        "last_used_at",
    ]
    list_filter = ["backup_eligible", "user_verified", "created_at", "last_used_at"]
    list_select_related = ["user"]
    search_fields = ["=id", "=user__pk", "=aaguid"]
    readonly_fields = ["id", "authenticator", "sign_count"]
    action_form = ReasonForm
    actions = ["remove"]

    def changelist_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """The list; whoever may remove one has to have proved just now who they are."""
        view: Any = super().changelist_view
        if self.has_change_permission(request):
            view = step_up()(view)
        answer: HttpResponse = view(request, *args, **kwargs)
        return answer

    @admin.display(description=_("user"), ordering="user")
    def person(self, credential: Credential) -> str:
        """Leads to the page of all their methods, where mfa brings it."""
        try:
            page = reverse(f"{self.admin_site.name}:ostiary_mfa_person", args=[credential.user_id])
        except NoReverseMatch:
            return str(credential.user)
        return format_html('<a href="{}">{}</a>', page, credential.user)

    @admin.display(description=_("authenticator"))
    def authenticator(self, credential: Credential) -> str:
        """What the authenticator is known as."""
        return authenticators.name_of(credential.aaguid.bytes)

    @admin.action(description=_("Remove passkeys, with a reason"), permissions=["change"])
    def remove(self, request: HttpRequest, queryset: QuerySet[Credential]) -> None:
        """Each is removed, or waits for another operator, and its person is told why."""
        reason = request.POST.get("reason", "").strip()
        if not reason:
            self.message_user(request, _("Enter a reason. The user will see it."), messages.ERROR)
            return
        came_of = Counter(self._ask(request, each, reason) for each in queryset)
        if removed := came_of[Outcome.DONE]:
            text = ngettext("%d passkey was removed.", "%d passkeys were removed.", removed)
            self.message_user(request, text % removed, messages.SUCCESS)
        if came_of[Outcome.WAITS]:
            words = _("Another administrator has to approve this.")
            self.message_user(request, words, messages.WARNING)
        if came_of[None]:
            words = _("You can’t remove your own passkeys or those of other administrators.")
            self.message_user(request, words, messages.ERROR)

    @staticmethod
    def _ask(request: HttpRequest, credential: Credential, reason: str) -> Outcome | None:
        """What came of it, ``None`` where this operator may not."""
        key = f"{credential._meta.app_label}:{credential.pk}"
        try:
            return factor_resets.ask(
                request.user, credential.user, reason, permission=PERMISSION, factor=key
            )
        except PermissionDenied:
            return None


@admin.register(AuthenticatorModel)
class AuthenticatorModelAdmin(ReadOnlyAdmin):
    """What the metadata service tells of models of authenticators."""

    list_display = ["description", "aaguid", "statuses"]
    search_fields = ["description", "=aaguid"]
    exclude = ["roots"]
