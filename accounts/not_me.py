"""“This wasn’t me”: the link in every message about an account, for whoever did not do it.

Whoever presses the button there, once, signs the account out everywhere, with all that
applications hold for it, takes away the password that somebody seems to know, and is mailed the
usual link to set a new one. It lets nobody in.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from ostiary import events, sessions
from ostiary.signals import password_changed

from . import factor_recovery, recovery, support
from .addresses import email_of, find_user
from .links import link_to, new_token, token_hash
from .models import NotMeLink

LIFETIME = timedelta(days=30)
"""For so long after the message; people come back from their holidays."""


def link_for(user: Any, kind: str) -> str:
    """A new link for a message of this kind, in the caller's transaction."""
    token = new_token()
    NotMeLink.objects.create(
        user=user,
        token_hash=token_hash(token),
        notice=kind,
        expires_at=timezone.now() + LIFETIME,
    )
    return link_to("ostiary_accounts:not_me", token)


def pending(hashed_token: str) -> NotMeLink | None:
    """The link of this token, unless it was used or has expired, or the account is switched off."""
    return (
        NotMeLink.objects.select_related("user")
        .filter(token_hash=hashed_token, expires_at__gt=timezone.now(), user__is_active=True)
        .first()
    )


def secure(request: HttpRequest, link: NotMeLink) -> bool:
    """End everything and start a recovery; ``False`` if the link was used in the meantime.

    Deleting the link consumes it: of two parallel clicks one deletes the row. A password that no
    mailed link could replace, because several people have the address, is left.
    """
    with transaction.atomic():
        deleted, _ = NotMeLink.objects.filter(pk=link.pk).delete()
        if not deleted:
            return False
        user: Any = get_user_model()._default_manager.select_for_update().get(pk=link.user_id)
        if find_user(email_of(user)) == user:
            user.set_unusable_password()
            user.save(update_fields=["password"])
            password_changed.send(type(user), user=user, request=request)
        factor_recovery.stop(request, user)
        support.stop(user, "not_me", request=request)
        ended = sessions.end_all(user, "not_me")
        events.record(
            "account.secured",
            user=user,
            request=request,
            details={"notice": link.notice, "sessions": ended},
        )
        recovery.request_link(request, email=email_of(user), next_url="")
    return True
