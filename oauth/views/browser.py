"""Which browser this is: a cookie that lasts for one authorization, whoever signs in meanwhile.

Not the session's, which is a new one for each person.
"""

from __future__ import annotations

import re
import secrets

from django.conf import settings
from django.http import HttpRequest, HttpResponse

_SECRET = re.compile(r"[A-Za-z0-9_-]{43}")


def cookie_name() -> str:
    """With the ``__Host-`` prefix where cookies are sent over https only."""
    return "__Host-ostiary-request" if settings.SESSION_COOKIE_SECURE else "ostiary_request"


def secret_of(request: HttpRequest) -> str:
    """The secret that this browser was given, or a new one for it."""
    given: str = request.COOKIES.get(cookie_name(), "")
    return given if _SECRET.fullmatch(given) else secrets.token_urlsafe(32)


def remember(response: HttpResponse, secret: str, seconds: int) -> None:
    """Give the browser its secret."""
    response.set_cookie(
        cookie_name(),
        secret,
        max_age=seconds,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
