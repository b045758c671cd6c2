"""The operator's view of the ground floor: sessions and the security log. The outbox and erasures
are in modules of their own.

Everything here is read-only but for a few actions. No secret, session key or message is shown.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from . import (
    branding_admin,  # noqa: F401
    erasure_admin,  # noqa: F401  (it registers itself)
    events,
    export_admin,  # noqa: F401
    factor_reset_admin,  # noqa: F401
    mail_admin,  # noqa: F401
    outbox_admin,  # noqa: F401
    privacy,
    risk,
    sessions,
)
from .assurance import step_up
from .models import Event, PersonKey, Session
from .read_only_admin import ReadOnlyAdmin as ReadOnlyAdmin


class FreshOperatorMixin:
    """For a ``ModelAdmin`` whose form gives powers: whoever may change something there has to have
    proved within ``STEP_UP_SECONDS`` who they are, when they open it and when they send it
    (SECURITY C8)."""

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """The form, or the way to the sign-in page and back."""
        given: Any = super()
        may_add, may_change = given.has_add_permission, given.has_change_permission
        if not may_add(request) and not may_change(request):
            return given.changeform_view(request, *args, **kwargs)
        return step_up()(given.changeform_view)(request, *args, **kwargs)


class ReasonFilter(admin.AllValuesFieldListFilter):
    """The values that occur. Django's link to the empty one has no text; ours a dash."""

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        """Each with a text."""
        for choice in super().choices(changelist):
            yield {**choice, "display": choice["display"] or self.empty_value_display}


@admin.register(Session)
class SessionAdmin(ReadOnlyAdmin):
    """Who is signed in, where and how."""

    list_display = ["user", "created_at", "last_seen_at", "ip_address", "ended_at", "end_reason"]
    list_filter = [
        ("ended_at", admin.EmptyFieldListFilter),
        ("end_reason", ReasonFilter),
        "created_at",
    ]
    list_select_related = ["user"]
    search_fields = ["=id", "ip_address"]
    exclude = ["session_key"]
    actions = ["end_session"]

    @admin.action(description=_("End sessions"), permissions=["change"])
    def end_session(self, request: HttpRequest, queryset: QuerySet[Session]) -> None:
        """The browser is signed out at its next request."""
        ended, operator = 0, privacy.pseudonym_of(request.user)
        with transaction.atomic():
            for session in queryset.select_related("user"):
                if sessions.end(session, "operator"):
                    ended += 1
                    events.record(
                        "session.ended_by_operator",
                        user=session.user,
                        details={"operator": operator},
                        personal={"sid": str(session.pk)},
                    )
        text = ngettext("%d session was ended.", "%d sessions were ended.", ended) % ended
        self.message_user(request, text, messages.SUCCESS)


@admin.register(Event)
class EventAdmin(ReadOnlyAdmin):
    """The security log, newest first."""

    list_display = ["at", "kind", "outcome", "person", "client_id", "risk"]
    list_filter = ["kind", "outcome", "at"]
    search_fields = ["=subject", "=client_id", "=kind"]
    search_help_text = _("User name, ID or pseudonym of a user, an application, or a kind.")
    show_full_result_count = False
    fields = [
        *("id", "at", "kind", "outcome", "subject", "person", "client_id", "risk"),
        *("details", "personal_details"),
    ]
    readonly_fields = ["id", "person", "risk", "personal_details"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Event]:
        """With the id of whom each is about, where that is still known."""
        name = PersonKey.objects.filter(pseudonym=OuterRef("subject"), subject__isnull=False)
        every: QuerySet[Event] = super().get_queryset(request)
        return every.annotate(about=Subquery(name.values("subject")[:1]))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Event], search_term: str
    ) -> tuple[QuerySet[Event], bool]:
        """What is about the person of this name or id, too: the log itself has pseudonyms only."""
        found, may_repeat = super().get_search_results(request, queryset, search_term)
        term = search_term.strip()
        if not term:
            return found, may_repeat
        model = get_user_model()
        named = model._default_manager.filter(**{model.USERNAME_FIELD: term}).first()
        subject = str(named.pk) if named is not None else term
        names = PersonKey.objects.filter(subject=subject).values("pseudonym")
        return found | queryset.filter(subject__in=names), may_repeat

    @admin.display(description=_("user"), ordering="subject")
    def person(self, event: Event) -> str:
        """The person's id; once they are erased, the pseudonym that is left."""
        return getattr(event, "about", None) or event.subject

    @admin.display(description=_("unusual"))
    def risk(self, event: Event) -> str:
        """How unusual a sign-in looked, why, and what came of it."""
        return risk.in_words(event.details)

    @admin.display(description=_("personal details"))
    def personal_details(self, event: Event) -> str:
        """Address and browser; empty once the person has been erased."""
        told = events.personal_details(event)
        return format_html("<pre>{}</pre>", json.dumps(told, indent=2, ensure_ascii=False))
