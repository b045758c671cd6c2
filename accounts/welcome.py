"""Welcoming somebody new, once, on the overview of their account."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

KEY = "ostiary.welcome"
"""Who is to be welcomed in this browser: another person may sign in there first."""


def expect(request: HttpRequest, user: Any) -> None:
    """The person has just made their account in this browser."""
    request.session[KEY] = str(user.pk)


def is_due(request: HttpRequest) -> bool:
    """Whether who is signed in is to be welcomed; asked again, they have been."""
    return KEY in request.session and request.session.pop(KEY) == str(request.user.pk)
