"""``/account/applications/``: what a person has connected, and how they take it back."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from ostiary.device import describe

from .. import application_ahead, connected, consent, device_authorization


@never_cache
@login_required
@require_safe
def connected_applications(request: HttpRequest) -> HttpResponse:
    """The applications that act for the person: what each may do, since when, and where."""
    shown = [
        {
            "application": one,
            "logo": application_ahead.logo(one.client),
            "places": _places(one),
        }
        for one in connected.applications(request.user)
    ]
    return render(request, "ostiary_oauth/applications.html", {"connected": shown})


@never_cache
@login_required
@require_safe
def remove_access(request: HttpRequest, client: uuid.UUID) -> HttpResponse:
    """Ask once more, and say what ends."""
    found = connected.applications(request.user)
    one = next((each for each in found if each.client.pk == client), None)
    if one is None:
        raise Http404
    context = {
        "application": one,
        "client": one.client,
        "places": _places(one),
        "devices": one.client.may_use(device_authorization.GRANT_TYPE),
    }
    return render(request, "ostiary_oauth/remove_access.html", context)


@login_required
@require_POST
def withdraw(request: HttpRequest, client: uuid.UUID) -> HttpResponse:
    """Take back everything that one application was allowed, and end what it holds."""
    application = get_object_or_404(connected.clients_of(request.user), pk=client)
    consent.withdraw(request.user, application, request)
    messages.success(request, _("%(name)s no longer has access.") % {"name": application})
    return redirect("ostiary_oauth:applications")


def _places(one: connected.Connected) -> list[str]:
    """The devices on which it is used, each once."""
    return list(dict.fromkeys(describe(place.user_agent) for place in one.places))
