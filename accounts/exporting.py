"""The person's side of copies of their data: where they fetch them."""

from __future__ import annotations

from django.urls import NoReverseMatch, reverse

from ostiary import mail


def page_link() -> str:
    """The page, for messages: whoever opens it has to sign in, and to prove anew who they are.
    Empty where a project shows none of our pages."""
    try:
        return mail.absolute_url(reverse("ostiary_accounts:export"))
    except NoReverseMatch:
        return ""
