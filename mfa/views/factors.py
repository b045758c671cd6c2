"""The page of a person's second factors, where accounts is not installed to show their panel."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from .. import panels


@never_cache
@login_required
@require_safe
def factors(request: HttpRequest) -> HttpResponse:
    """What the person has, what they could have, and the devices that they trust."""
    return render(request, "ostiary_mfa/factors.html", {"factors": panels.told(request)})
