"""Text messages: what went where, what it cost of the day's budget, and what was not delivered."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.db.models import Count, Q
from django.db.models.functions import TruncDate
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from ostiary.admin import ReadOnlyAdmin, ReasonFilter

from ..conf import mfa_settings
from ..models import TextMessage
from ..sms import backend, budget

DAYS_SHOWN = 14


def by_day_and_country() -> list[Any]:
    """How many messages went to each country on each of the last days, the newest and most first;
    ``failed`` of them were not delivered."""
    since = timezone.now() - timedelta(days=DAYS_SHOWN)
    counted = (
        TextMessage.objects.filter(created_at__gte=since)
        .annotate(day=TruncDate("created_at"))
        .values("day", "country")
        .annotate(number=Count("pk"), failed=Count("pk", filter=Q(state=TextMessage.State.FAILED)))
    )
    return list(counted.order_by("-day", "-number", "country"))


@admin.register(TextMessage)
class TextMessageAdmin(ReadOnlyAdmin):
    """Each message by the last digits of its number: neither that nor its words are kept."""

    list_display = ["created_at", "user", "country", "ending", "state", "reason"]
    list_filter = ["state", "country", ("reason", ReasonFilter), "created_at"]
    list_select_related = ["user"]
    search_fields = ["=id", "=name_at_gateway"]
    show_full_result_count = False
    change_list_template = "admin/ostiary_mfa/textmessage/change_list.html"

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The messages, below what they come to."""
        told = {
            "is_on": backend.is_on(),
            "spent": budget.spent(),
            "budget": mfa_settings.SMS_DAILY_BUDGET,
            "by_day_and_country": by_day_and_country(),
        }
        return super().changelist_view(request, {**told, **(extra_context or {})})
