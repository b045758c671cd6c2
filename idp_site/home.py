"""The start page."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from . import demo, demo_data


@require_safe
@never_cache
def home(request: HttpRequest) -> HttpResponse:
    """What this site is for; in demo mode also with whom and where to try it."""
    context: dict[str, object] = {}
    if settings.DEMO:
        context = {
            "people": [person["email"] for person in demo_data.PEOPLE],
            "password": demo.PASSWORD,
            "relying_party": f"http://localhost:{settings.RP_PORT}/",
        }
    return render(request, "idp_site/home.html", context)
