"""Cookies of our own beside the session's: for this host alone, and for no script to read."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpResponse


def name_of(what: str) -> str:
    """The name of the cookie for ``what``: with the ``__Host-`` prefix where cookies are sent over
    https only."""
    if settings.SESSION_COOKIE_SECURE:
        return f"__Host-ostiary-{what}"
    return f"ostiary_{what.replace('-', '_')}"


def give(response: HttpResponse, what: str, value: str, seconds: int) -> None:
    """Let the browser keep ``value`` for so long."""
    response.set_cookie(
        name_of(what),
        value,
        max_age=seconds,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
