"""The operator's view of erasures: how far each is, what it waits for, and its receipt."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.contrib.auth import get_user_model
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from . import erasure, privacy
from .models import Erasure
from .regions.admin import of_other_regions


@admin.register(Erasure)
class ErasureAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Erasures: begun on the page of the person, and never edited. Those that are done name nobody.

    The permission to change stands for the actions.
    """

    list_display = ["id", "state", "requested_by", "requested_at", "due_at", "progress"]
    list_filter = ["state", "requested_by", "requested_at"]
    search_fields = ["=id", "=subject"]
    search_help_text = _("ID of an erasure, or of a user whose erasure is pending.")
    show_full_result_count = False
    actions = ["keep", "try_now"]
    fields = [
        *("id", "person", "state", "requested_by", "by_operator", "why", "requested_at", "due_at"),
        *("started_at", "finished_at", "attempts", "last_error", "done_steps", "kept"),
        *("home_region", "other_regions", "the_receipt"),
    ]
    readonly_fields = [
        *("id", "person", "by_operator", "why", "done_steps", "kept"),
        *("other_regions", "the_receipt"),
    ]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody: it is begun on the person's own page."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody: what is left of an erasure is its proof."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody changes a field; the permission stands for the actions."""
        return obj is None and super().has_change_permission(request)

    # --- what is shown --------------------------------------------------------------------------

    @admin.display(description=_("progress"))
    def progress(self, erasure_: Erasure) -> str:
        """What it waits for, or how many steps are done."""
        if erasure_.last_error:
            return erasure_.last_error
        return f"{erasure_.steps.count()}/{len(erasure.steps())}"

    @admin.display(description=_("user"))
    def person(self, erasure_: Erasure) -> str:
        """Who waits to be erased; of one that is done nobody knows."""
        return erasure_.subject or "–"

    @admin.display(description=_("operator"))
    def by_operator(self, erasure_: Erasure) -> str:
        """The user name of who asked for it, where that was an operator who is still here."""
        subject = privacy.subjects_of([erasure_.operator]).get(erasure_.operator)
        people = get_user_model()._default_manager
        operator = people.filter(pk=subject).first() if subject else None
        return operator.get_username() if operator else "–"

    @admin.display(description=_("reason"))
    def why(self, erasure_: Erasure) -> str:
        """Why it was asked for; forgotten with the person."""
        return erasure_.reason or "–"

    @admin.display(description=_("steps"))
    def done_steps(self, erasure_: Erasure) -> str:
        """What is done, in order, and what of it comes next."""
        done = {step.name: step for step in erasure_.steps.all()}
        shown = [
            (name, step.done_at.isoformat(timespec="seconds"), step.erased or "")
            for name, step in done.items()
        ]
        if erasure_.state in (Erasure.State.WAITING, Erasure.State.RUNNING):
            shown += [(name, "–", "") for name in erasure.steps() if name not in done]
        return format_html("<ol>{}</ol>", format_html_join("", "<li>{} {} {}</li>", shown))

    @admin.display(description=_("other regions"))
    def other_regions(self, erasure_: Erasure) -> str:
        """Which has answered, and which is missing."""
        return of_other_regions(erasure_)

    @admin.display(description=_("receipt"))
    def the_receipt(self, erasure_: Erasure) -> str:
        """The signed receipt, to send to the person again."""
        return erasure_.receipt or "–"

    # --- what is done ---------------------------------------------------------------------------

    @admin.action(description=_("Cancel"), permissions=["change"])
    def keep(self, request: HttpRequest, queryset: QuerySet[Erasure]) -> None:
        """Those that wait; the people are told."""

        def call_off(waiting: Erasure) -> bool:
            people = get_user_model()._default_manager
            person = people.filter(pk=waiting.subject).first() if waiting.subject else None
            return person is not None and erasure.cancel(person, operator=request.user)

        count = self._do(queryset, call_off)
        text = ngettext("%d erasure was cancelled.", "%d erasures were cancelled.", count) % count
        self.message_user(request, text, messages.SUCCESS)

    @admin.action(description=_("Retry now"), permissions=["change"])
    def try_now(self, request: HttpRequest, queryset: QuerySet[Erasure]) -> None:
        """Those that were put off. The time to think better of it is nobody's to shorten here."""

        def hasten(put_off: Erasure) -> bool:
            return (
                bool(put_off.last_error)
                and not put_off.finished_at
                and bool(erasure.hasten(put_off))
            )

        count = self._do(queryset, hasten)
        text = (
            ngettext("%d erasure will be retried now.", "%d erasures will be retried now.", count)
            % count
        )
        self.message_user(request, text, messages.SUCCESS)

    @staticmethod
    def _do(queryset: QuerySet[Erasure], action: Callable[[Erasure], bool]) -> int:
        return sum(action(each) for each in queryset)
