"""Passwords that were long enough beside a second factor, and stand alone since that is gone.

However it went: removed, reset by operators, or by a recovery. How long a password is can be told
only while it is typed, so it is looked at in the next sign-in by it. A password that came with
someone from another system is let be, until they choose another here.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from ostiary import factors

from .credentials import credential_hash
from .forms import shortest_password
from .hashing import normalize_password
from .models import ImportedIdentity

NOTICED_KEY = "ostiary.short_password"


def notice(request: HttpRequest, user: Any, password: str) -> None:
    """Note in the session if a password that was just right is too short to stand alone."""
    request.session.pop(NOTICED_KEY, None)
    if len(normalize_password(password)) < shortest_password():
        request.session[NOTICED_KEY] = credential_hash(user)


class ChangeShortPassword:
    """A step for ``OSTIARY["SIGNIN_STEPS"]``, after those in which a second factor is shown or set
    up: whoever has none, and a short password, chooses a longer one."""

    name = "short-password"

    def is_required(self, request: HttpRequest, user: Any, pending: Any) -> bool:
        """Whether the password that was just shown is the person's only factor, and too short."""
        return bool(
            request.session.get(NOTICED_KEY) == credential_hash(user)
            and not factors.factors_of(user)
            and not _came_from_elsewhere(user)
        )

    def url(self, request: HttpRequest) -> str:
        """The page of the step."""
        return reverse("ostiary_accounts:change_short")


def _came_from_elsewhere(user: Any) -> bool:
    kept = ImportedIdentity.objects.filter(user=user, password_ended=False)
    return kept.exclude(password_mark="").exists()
