"""A database that is away is told as 503, quickly, and never as a stack trace (SECURITY G4)."""

from __future__ import annotations

import sys
from collections.abc import Callable

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.views.defaults import server_error

OUTAGE = (OperationalError, InterfaceError)
RETRY_AFTER_SECONDS = 5


def unavailable(request: HttpRequest) -> HttpResponse:
    """The answer: a page for browsers, JSON for programs. Asks the database nothing."""
    if request.accepts("text/html"):
        response = HttpResponse(render_to_string("503.html"), status=503)
    else:
        response = JsonResponse({"error": "temporarily_unavailable"}, status=503)
    response["Retry-After"] = str(RETRY_AFTER_SECONDS)
    response["Cache-Control"] = "no-store"
    return response


class DatabaseOutageMiddleware:
    """Answers for views whose database is away."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Django calls this with what a view raised."""
        return unavailable(request) if isinstance(exception, OUTAGE) else None


def handler500(request: HttpRequest) -> HttpResponse:
    """The error page. A middleware's exception arrives here only, the session's among them."""
    if isinstance(sys.exception(), OUTAGE):
        return unavailable(request)
    return server_error(request)
