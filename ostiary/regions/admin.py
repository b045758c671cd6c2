"""The operator's view of what other regions asked of this one."""

from __future__ import annotations

from django.contrib import admin
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from ..models import Erasure, RegionalRequest
from ..read_only_admin import ReadOnlyAdmin


@admin.register(RegionalRequest)
class RegionalRequestAdmin(ReadOnlyAdmin):
    """Erasures that other regions asked for, and our receipts. They name nobody."""

    list_display = ["erasure", "region", "asked_at", "answered_at", "accounts"]
    list_filter = ["region", ("answered_at", admin.EmptyFieldListFilter), "asked_at"]
    search_fields = ["=erasure"]
    show_full_result_count = False
    fields = ["id", "region", "erasure", "asked_at", "answered_at", "accounts", "the_receipt"]
    readonly_fields = ["id", "the_receipt"]

    @admin.display(description=_("receipt"))
    def the_receipt(self, request_: RegionalRequest) -> str:
        """What we answered."""
        return request_.receipt or "–"


def of_other_regions(erasure: Erasure) -> str:
    """Which region has answered when, and which is missing since when, and why."""
    lines = [
        (
            each.region,
            each.answered_at.isoformat(timespec="seconds")
            if each.answered_at
            else gettext("missing since %(time)s")
            % {"time": each.asked_at.isoformat(timespec="seconds")},
            each.last_error,
        )
        for each in erasure.regions.all()
    ]
    return format_html("<ul>{}</ul>", format_html_join("", "<li>{}: {} {}</li>", lines))
