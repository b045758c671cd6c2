"""The language switcher in the footer."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import check_for_language
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.http import require_POST

from ostiary import flow_language

from . import next_url

LIFETIME_SECONDS = 365 * 24 * 3600


@csrf_protect
@require_POST
def choose(request: HttpRequest) -> HttpResponse:
    """Show the pages in this language from now on, here and, for a signed-in person, everywhere."""
    response = HttpResponseRedirect(next_url(request) or "/")
    # Which page it leads to is not known here: one that an application holds must not lose it.
    response["Cross-Origin-Opener-Policy"] = "unsafe-none"
    wanted = request.POST.get("language", "")
    if wanted not in dict(settings.LANGUAGES) or not check_for_language(wanted):
        return response
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        wanted,
        max_age=LIFETIME_SECONDS,
        path=settings.LANGUAGE_COOKIE_PATH,
        domain=settings.LANGUAGE_COOKIE_DOMAIN,
        secure=settings.LANGUAGE_COOKIE_SECURE,
        httponly=settings.LANGUAGE_COOKIE_HTTPONLY,
        samesite=settings.LANGUAGE_COOKIE_SAMESITE,  # type: ignore[arg-type]
    )
    flow_language.forget(request, response)
    user: Any = request.user
    if user.is_authenticated and hasattr(user, "locale"):
        get_user_model()._default_manager.filter(pk=user.pk).update(locale=wanted)
    return response
