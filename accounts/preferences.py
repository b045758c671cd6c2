"""Pages in the language and the time zone that the person chose, wherever they sign in."""

from __future__ import annotations

import zoneinfo
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation

from ostiary import cookies, flow_language

from . import time_zones

COOKIE = "time-zone"
"""Written by the script ``ostiary/time_zone.js``, so scripts may read it: it is no secret."""


class PreferencesMiddleware:
    """What the person's profile says, for a signed-in person whose model has ``locale`` and
    ``zoneinfo``.

    Stands after ``ostiary.sessions.SessionRegisterMiddleware``. A visitor without a session costs
    nothing. The language in which an application asked for its flow goes first; whose profile has
    no time zone gets that of the browser.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        try:
            return self.get_response(request)
        finally:
            timezone.deactivate()

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponse], *_: Any
    ) -> None:
        """Ask who it is, unless the view says by ``without_person`` that it is for nobody."""
        signed_in = settings.SESSION_COOKIE_NAME in request.COOKIES
        if getattr(view, "without_person", False) or not (
            signed_in and request.user.is_authenticated
        ):
            return
        if language := _language_of(request):
            translation.activate(language)
            request.LANGUAGE_CODE = language
        if zone := zone_of(request.user) or _zone_of_browser(request):
            timezone.activate(zone)


def _language_of(request: HttpRequest) -> str:
    in_flow = request.COOKIES.get(cookies.name_of(flow_language.COOKIE), "")
    if flow_language.supported([in_flow]):
        return ""
    return flow_language.supported([getattr(request.user, "locale", "") or ""])


def _zone_of_browser(request: HttpRequest) -> zoneinfo.ZoneInfo | None:
    # Whatever a cookie says is anybody's word: only a zone of the list on offer counts.
    name = time_zones.canonical(request.COOKIES.get(cookies.name_of(COOKIE), ""))
    return zoneinfo.ZoneInfo(name) if name else None


def zone_of(user: Any) -> zoneinfo.ZoneInfo | None:
    """The person's time zone, ``None`` where it is not known or there is no such."""
    name = getattr(user, "zoneinfo", "")
    if not name:
        return None
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return None
