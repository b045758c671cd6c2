"""The operator's view of the outbox: what waits, and the dead letters."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db import transaction
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from . import dead_letters, events, outbox, preview_admin
from .models import OutboxMessage
from .plain_reasons import plain
from .read_only_admin import ReadOnlyAdmin


class DropForm(forms.Form):
    """Why messages are given up."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=200,
        widget=forms.TextInput(attrs={"class": "vTextField"}),
        help_text=_("Stored with each message and in the log. Don’t name anyone."),
    )


class KindFilter(admin.SimpleListFilter):
    """By kind: those that some app handles, so that nobody has to look through the table."""

    title = _("kind")
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Every kind."""
        return [(kind, kind) for kind in outbox.kinds()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Those of the kind."""
        return queryset.filter(kind=self.value()) if self.value() else queryset


class AgeFilter(admin.SimpleListFilter):
    """By how long ago it was written."""

    title = _("age")
    parameter_name = "older"
    hours = {
        "1": _("more than an hour"),
        "24": _("more than a day"),
        "168": _("more than a week"),
        "720": _("more than 30 days"),
    }

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """The choices, in hours."""
        return [*self.hours.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Those that are older."""
        if self.value() not in self.hours:
            return queryset
        before = timezone.now() - timedelta(hours=int(str(self.value())))
        return queryset.filter(created_at__lt=before)


@admin.register(OutboxMessage)
class OutboxMessageAdmin(ReadOnlyAdmin):
    """What waits, what was delivered and what failed for good. The content stays encrypted."""

    list_display = [
        *("kind", "queue", "state", "attempts", "created_at", "next_attempt_at"),
        *("last_error", "drop_reason"),
    ]
    list_filter = ["state", "queue", KindFilter, AgeFilter]
    search_fields = ["=id", "=key"]
    exclude = ["payload"]
    show_full_result_count = False
    actions = ["retry", "drop"]

    def get_urls(self) -> list[URLPattern]:
        """The pages on which messages are looked at, before those of single rows."""
        return [*preview_admin.urls(self), *super().get_urls()]

    @admin.action(description=_("Retry now"), permissions=["change"])
    def retry(self, request: HttpRequest, queryset: QuerySet[OutboxMessage]) -> None:
        """Parked messages get all their attempts again."""
        count = 0
        with transaction.atomic():
            for message in queryset.filter(state=OutboxMessage.State.PARKED):
                if dead_letters.retry(message):
                    count += 1
                    _log(request, "outbox.retried", message)
        text = (
            ngettext("%d message will be retried now.", "%d messages will be retried now.", count)
            % count
        )
        self.message_user(request, text, messages.SUCCESS)

    @admin.action(description=_("Drop…"), permissions=["change"])
    def drop(self, request: HttpRequest, queryset: QuerySet[OutboxMessage]) -> HttpResponse | None:
        """Ask for the reason; then the messages are never delivered."""
        form = DropForm(request.POST if "post" in request.POST else None)
        open_ = queryset.filter(state__in=dead_letters.OPEN)
        if not form.is_valid():
            return self._ask(request, open_, form)
        count, reason = 0, form.cleaned_data["reason"]
        with transaction.atomic():
            for message in open_:
                if dead_letters.drop(message, reason):
                    count += 1
                    _log(request, "outbox.dropped", message, reason=plain(reason))
        text = ngettext("%d message was dropped.", "%d messages were dropped.", count) % count
        self.message_user(request, text, messages.SUCCESS)
        return None

    def _ask(
        self, request: HttpRequest, found: QuerySet[OutboxMessage], form: DropForm
    ) -> HttpResponse:
        across = request.POST.get("select_across", "0")
        selected = request.POST.getlist("_selected_action")
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Drop messages"),
            "kinds": found.order_by("kind").values("kind").annotate(count=Count("pk")),
            # Where all that the filter finds is meant, one stands for them.
            "selected": selected[:1] if across == "1" else selected,
            "across": across,
            "form": form,
        }
        return TemplateResponse(request, "admin/ostiary/outboxmessage/drop.html", context)


def _log(request: HttpRequest, kind: str, message: OutboxMessage, **more: str) -> None:
    details = {"message": str(message.pk), "kind": message.kind, **more}
    events.record(kind, user=request.user, request=request, details=details)
