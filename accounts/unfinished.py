"""Accounts that nobody can sign in to yet, and how the browser in which one was left goes on.

Who signs up by something else than a password has an account once the address is confirmed, and
may leave before the passkey is made. Signing up once more with the address takes it up again.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from ostiary import assurance, factor_set_up, signin_methods

from .addresses import email_of, find_user

KEY = "ostiary.unfinished_account"
"""The address of the account that was left in this browser."""


def is_unfinished(user: Any) -> bool:
    """Whether the person never came in, and could not: they signed up by a passkey and have not
    made it, or an import brought them without a password."""
    is_new = getattr(user, "last_login", None) is None
    return user.is_active and is_new and not signin_methods.has_way_in(user)


def note(request: HttpRequest, user: Any) -> None:
    """Remember in this browser an account that was just made and can't be signed in to."""
    request.session.pop(KEY, None)
    if not signin_methods.has_way_in(user):
        request.session[KEY] = email_of(user)


def left_here(request: HttpRequest) -> str:
    """The address of the account that was left in this browser; ``""`` if there is none."""
    email: str = request.session.get(KEY, "")
    user = find_user(email) if email else None
    if user is not None and is_unfinished(user):
        return email
    request.session.pop(KEY, None)
    return ""


def go_on_url(request: HttpRequest) -> str:
    """Where an account that was left in this browser is gone on with: the step at which its first
    sign-in waits, and once that is over the form of sign-up; ``""`` if none was left here."""
    waiting = factor_set_up.asked(request)
    if waiting is not None and is_unfinished(waiting[1]):
        return waiting[2].url(request)
    if not left_here(request):
        return ""
    ways = signin_methods.instead_of_password()
    return reverse("ostiary_accounts:signup") + (f"?instead={ways[0].name}" if ways else "")


def is_signed_in_without(request: HttpRequest) -> bool:
    """Whether the signed-in person has shown their mailbox alone, and could not come back."""
    known = assurance.current(request)
    return (
        known is not None
        and set(known.amr) == {"email"}
        and not signin_methods.has_way_in(request.user)
    )
