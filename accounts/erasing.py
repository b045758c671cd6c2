"""The person's side of their erasure: the mailed link by which they call it off."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from ostiary import erasure

from . import links
from .models import MailedLink

KEEP = MailedLink.Purpose.KEEP_ACCOUNT
HELD_DAYS = 30
"""The link works for so much longer than the erasure is to wait: a legal hold may put it off."""


def cancel_link(user: Any) -> str:
    """Where an erasure that was just asked for can be called off, without signing in."""
    asked = erasure.of(user)
    waits = asked.due_at - timezone.now() if asked else timedelta()
    token = links.make(
        user, KEEP, lifetime=waits + timedelta(days=HELD_DAYS), dies_with_credentials=False
    )
    return links.link_to("ostiary_accounts:erasure_keep", token)


def keep_by(request: HttpRequest, link: MailedLink) -> bool:
    """Call it off by the link; ``False`` if there is nothing to call off any more."""
    with transaction.atomic():
        user = links.use(link)
        return user is not None and keep(request, user)


def keep(request: HttpRequest, user: Any) -> bool:
    """Call it off as the person; the links that were mailed are dead with it."""
    with transaction.atomic():
        MailedLink.objects.filter(user=user, purpose=KEEP).delete()
        return erasure.cancel(user, http_request=request)
