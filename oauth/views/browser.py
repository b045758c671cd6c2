"""Which browser this is: a cookie that lasts for one authorization, whoever signs in meanwhile.

Not the session's, which is a new one for each person.
"""

from __future__ import annotations

import re
import secrets

from django.http import HttpRequest, HttpResponse

from ostiary import cookies

COOKIE = "request"
_SECRET = re.compile(r"[A-Za-z0-9_-]{43}")


def secret_of(request: HttpRequest) -> str:
    """The secret that this browser was given, or a new one for it."""
    given: str = request.COOKIES.get(cookies.name_of(COOKIE), "")
    return given if _SECRET.fullmatch(given) else secrets.token_urlsafe(32)


def remember(response: HttpResponse, secret: str, seconds: int) -> None:
    """Give the browser its secret."""
    cookies.give(response, COOKIE, secret, seconds)
