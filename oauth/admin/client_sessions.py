"""Who has been told of the end of a session, who not yet, and why."""

from __future__ import annotations

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import Count, Min, Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from ostiary import dead_letters, events
from ostiary.admin import ReadOnlyAdmin, ReasonFilter
from ostiary.models import OutboxMessage

from ..models import Client, ClientSession

WAITING = Q(told_at__isnull=True, message__state=OutboxMessage.State.PENDING)
GIVEN_UP = Q(told_at__isnull=True, message__state=OutboxMessage.State.PARKED)


@admin.register(ClientSession)
class ClientSessionAdmin(ReadOnlyAdmin):
    """Sessions at applications, and what became of the message that they are over."""

    list_display = [
        "client",
        "user",
        "created_at",
        "ended_at",
        "told_at",
        "failing_since",
        "state",
        "last_error",
    ]
    list_filter = [
        "client",
        ("ended_at", admin.EmptyFieldListFilter),
        ("failing_since", admin.EmptyFieldListFilter),
        ("message__state", admin.AllValuesFieldListFilter),
        ("last_error", ReasonFilter),
    ]
    list_select_related = ["client", "user", "message"]
    search_fields = ["=sid", "=subject"]
    fields = [
        "client",
        "user",
        "subject",
        "sid",
        "created_at",
        "ended_at",
        "told_at",
        "failing_since",
        "state",
        "last_error",
    ]
    readonly_fields = ["sid", "state"]
    actions = ["retry"]

    @admin.display(description=_("back-channel logout"))
    def state(self, session: ClientSession) -> str:
        """What the message waits for."""
        if session.told_at is not None:
            return str(_("notified"))
        message = session.message
        return message.get_state_display() if message is not None else "–"

    @admin.action(description=_("Notify again now"), permissions=["change"])
    def retry(self, request: HttpRequest, queryset: QuerySet[ClientSession]) -> None:
        """Messages that were given up get all their attempts again."""
        count = 0
        with transaction.atomic():
            for session in queryset.filter(GIVEN_UP).select_related("client", "message"):
                if session.message is not None and dead_letters.retry(session.message):
                    count += 1
                    events.record(
                        "outbox.retried",
                        user=request.user,
                        request=request,
                        client_id=session.client.client_id,
                        details={"message": str(session.message.pk), "kind": session.message.kind},
                    )
        text = (
            ngettext("%d message will be retried now.", "%d messages will be retried now.", count)
            % count
        )
        self.message_user(request, text, messages.SUCCESS)


def summary(client: Client) -> str:
    """How telling ``client`` goes, in a sentence that leads to the rows (one SQL statement)."""
    found = ClientSession.objects.filter(client=client).aggregate(
        told=Count("pk", filter=Q(told_at__isnull=False)),
        waiting=Count("pk", filter=WAITING),
        given_up=Count("pk", filter=GIVEN_UP),
        since=Min("failing_since", filter=WAITING | GIVEN_UP),
    )
    text = _("%(told)d notified, %(waiting)d waiting, %(given_up)d failed.") % found
    if found["since"] is not None:
        text += " " + _("Failing since %s.") % date_format(found["since"], "DATETIME_FORMAT")
    address = reverse("admin:ostiary_oauth_clientsession_changelist")
    return format_html('<a href="{}?client__id__exact={}">{}</a>', address, client.pk, text)
