"""The operator's view of mail: which addresses get none, and what became of single messages."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from . import mail_standing, privacy
from .email_addresses import people_with
from .models import MailMark, SentMail
from .read_only_admin import ReadOnlyAdmin


class _OfPeople(ReadOnlyAdmin):
    """Rows that are found by the person's address."""

    list_select_related = ["user"]
    show_full_result_count = False

    search_fields = ["=user__pk"]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Those of the people with this address, on whichever user model."""
        if not search_term:
            return queryset, False
        return queryset.filter(user__in=[user.pk for user in people_with(search_term)]), False


@admin.register(MailMark)
class MailMarkAdmin(_OfPeople):
    """Addresses to which mail comes back, or from which it is reported as spam."""

    list_display = ["user", "state", "marked_at", "cleared_at"]
    list_filter = ["state", "marked_at"]
    ordering = ["-marked_at"]
    actions = ["clear"]

    @admin.action(description=_("Lift the suppression"), permissions=["change"])
    def clear(self, request: HttpRequest, queryset: QuerySet[MailMark]) -> None:
        """Notices go to the address again, until the next one comes back."""
        told: Any = {"details": {"operator": privacy.pseudonym_of(request.user)}}
        count = sum(mail_standing.clear(mark.user, **told) for mark in queryset)
        text = ngettext("%d suppression was lifted.", "%d suppressions were lifted.", count) % count
        self.message_user(request, text, messages.SUCCESS)


@admin.register(SentMail)
class SentMailAdmin(_OfPeople):
    """What the provider has taken, and what it has reported."""

    list_display = ["id", "user", "report", "sent_at", "reported_at"]
    list_filter = ["report", "sent_at"]
