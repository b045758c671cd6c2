"""``/account/applications/``: what a person has connected, and how they take it back."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from .. import consent, scopes
from ..models import Client, Consent


@never_cache
@login_required
@require_safe
def connected_applications(request: HttpRequest) -> HttpResponse:
    """The applications that the person has allowed something, and what."""
    words = scopes.descriptions()
    person: Any = request.user
    consents = Consent.objects.filter(user=person).select_related("client")
    return render(
        request,
        "ostiary_oauth/applications.html",
        {
            "consents": [
                (given, [words.get(scope, scope) for scope in given.scopes]) for given in consents
            ]
        },
    )


@login_required
@require_POST
def withdraw(request: HttpRequest, client: uuid.UUID) -> HttpResponse:
    """Take back everything that one application was allowed."""
    allowed = Client.objects.filter(consents__user=request.user).distinct()
    application = get_object_or_404(allowed, pk=client)
    consent.withdraw(request.user, application, request)
    messages.success(request, _("%(name)s no longer has access.") % {"name": application})
    return redirect("ostiary_oauth:applications")
