"""``/account/activity/``: what happened with the account, in plain words."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from ostiary import event_groups, events, places
from ostiary.device import describe
from ostiary.models import Event
from ostiary.risk import Decision, sentences

SHOWN = 50
"""Events on one page."""
LAST_PAGE = 1000
PERIODS = {"7": _("Last 7 days"), "30": _("Last 30 days"), "365": _("Last year")}
"""Days back from now, as text of an address, with their words."""


@never_cache
@login_required
@require_safe
def activity(request: HttpRequest) -> HttpResponse:
    """The person's own events, newest first: ``kind`` and ``period`` choose among them.

    What the address says that is not offered is as if it were not there.
    """
    group = event_groups.GROUPS.get(request.GET.get("kind", ""))
    period = request.GET.get("period", "")
    period = period if period in PERIODS else ""
    page = _page(request.GET.get("page", ""))
    own = events.of(request.user).order_by("-id")
    if group:
        own = own.filter(kind__in=event_groups.kinds_of(group))
    if period:
        own = own.filter(at__gte=timezone.now() - timedelta(days=int(period)))
    first = (page - 1) * SHOWN
    found = list(own[first : first + SHOWN + 1])
    context = {
        "activity": [_told(event) for event in found[:SHOWN]],
        "groups": event_groups.GROUPS.values(),
        "group": group,
        "periods": PERIODS.items(),
        "period": period,
        "newer": page - 1,
        "older": page + 1 if len(found) > SHOWN else 0,
    }
    return render(request, "ostiary_accounts/activity.html", context)


def _page(told: str) -> int:
    """A number of a page, counted from 1."""
    number = int(told) if told.isascii() and told.isdigit() and len(told) < 5 else 1
    return min(max(number, 1), LAST_PAGE)


def _told(event: Event) -> dict[str, Any]:
    personal = events.personal_details(event)
    unusual = _unusual(event)
    failed = event.outcome != "success"
    return {
        "at": event.at,
        "sentence": events.sentence(event.kind),
        "icon": "warning" if unusual or failed else event_groups.of(event.kind).icon,
        "alarming": unusual or failed,
        "unusual": unusual,
        "device": describe(personal["user_agent"]) if personal.get("user_agent") else "",
        "where": places.in_words(personal.get("ip", "")),
    }


def _unusual(event: Event) -> str:
    """Why a sign-in looked unusual, in words, where anything came of that."""
    told = event.details.get("risk", {})
    if told.get("decision", Decision.NOTHING.value) == Decision.NOTHING.value:
        return ""
    return ", ".join(sentences(told["reasons"]))
