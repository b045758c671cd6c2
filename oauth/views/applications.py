"""``/account/applications/``: what a person has connected, and how they take it back."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from ostiary.device import describe

from .. import connected, consent


@never_cache
@login_required
@require_safe
def connected_applications(request: HttpRequest) -> HttpResponse:
    """The applications that act for the person: what each may do, since when, and where."""
    shown = [
        {
            "application": one,
            "places": [describe(place.user_agent) for place in one.places],
        }
        for one in connected.applications(request.user)
    ]
    return render(request, "ostiary_oauth/applications.html", {"connected": shown})


@login_required
@require_POST
def withdraw(request: HttpRequest, client: uuid.UUID) -> HttpResponse:
    """Take back everything that one application was allowed, and end what it holds."""
    application = get_object_or_404(connected.clients_of(request.user), pk=client)
    consent.withdraw(request.user, application, request)
    messages.success(request, _("%(name)s no longer has access.") % {"name": application})
    return redirect("ostiary_oauth:applications")
