"""Which applications have still to be told that a person was erased, and why they are not."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import Count, Q
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from ostiary.admin import ReadOnlyAdmin
from ostiary.models import OutboxMessage

from ..models import Client, ErasureNotice

PARKED = Q(message__state=OutboxMessage.State.PARKED)


@admin.register(ErasureNotice)
class ErasureNoticeAdmin(ReadOnlyAdmin):
    """What waits, or was given up; its message, where it is retried or dropped, is a step away. Of
    whom it tells nobody sees."""

    list_display = ["client", "created_at", "state", "attempts", "last_error", "message"]
    list_filter = ["client", ("message__state", admin.AllValuesFieldListFilter)]
    list_select_related = ["client", "message"]
    fields = ["client", "created_at", "state", "attempts", "last_error", "message"]
    readonly_fields = ["state", "attempts", "last_error"]

    @admin.display(description=_("state"))
    def state(self, notice: ErasureNotice) -> str:
        """What its message waits for."""
        return notice.message.get_state_display()

    @admin.display(description=_("attempts"))
    def attempts(self, notice: ErasureNotice) -> int:
        """How often it was tried."""
        return notice.message.attempts

    @admin.display(description=_("last error"))
    def last_error(self, notice: ErasureNotice) -> str:
        """What came of it last."""
        return notice.message.last_error


def summary(client: Client) -> str:
    """How telling ``client`` goes, in a sentence that leads to the rows (one SQL statement)."""
    found = ErasureNotice.objects.filter(client=client).aggregate(
        waiting=Count("pk", filter=~PARKED), given_up=Count("pk", filter=PARKED)
    )
    text = _("%(waiting)d waiting, %(given_up)d failed.") % found
    if client.security_event_secret:
        text += " " + _("With an Authorization header.")
    address = reverse("admin:ostiary_oauth_erasurenotice_changelist")
    return format_html('<a href="{}?client__id__exact={}">{}</a>', address, client.pk, text)
