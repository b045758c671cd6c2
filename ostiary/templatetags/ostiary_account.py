"""Tags of the pages of an account."""

from __future__ import annotations

from typing import Any

from django.template import Context, Library

from .. import avatar as avatars
from .. import under_way as what_is_under_way

register = Library()


@register.inclusion_tag("ostiary/avatar.html")
def avatar(user: Any, size: str = "") -> dict[str, Any]:
    """The person's picture or initials; ``size`` is ``"large"``, or empty for a line of text."""
    return {"avatar": avatars.of(user), "size": size}


@register.inclusion_tag("ostiary/under_way.html", takes_context=True)
def under_way(context: Context) -> dict[str, Any]:
    """What is under way with the account, each with a form that stops it."""
    request = context.get("request")
    if request is None:
        return {}
    found = what_is_under_way.of(request)
    return {
        "under_way": found,
        "back": request.get_full_path(),
        "csrf_token": context.get("csrf_token"),
    }
