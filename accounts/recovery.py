"""Forgot password: a mailed link, once, for an hour, and never past a second factor."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone, translation
from django.utils.crypto import constant_time_compare

from ostiary import events, mail, mail_standing, outbox, sessions
from ostiary.notifications import notify
from ostiary.signals import password_changed

from .addresses import email_of, find_user
from .credentials import credential_hash
from .links import expiry, link_to, new_token, token_hash
from .models import RecoveryToken

TELLS = "_ostiary_tells"
"""The mark of a person whose password is set by us (see ``password_changes``)."""


def new_password(user: Any, password: str) -> None:
    """Set it, unsaved, for a caller who tells of it."""
    user.set_password(password)
    setattr(user, TELLS, True)


def request_link(request: HttpRequest, *, email: str, next_url: str) -> None:
    """Have a recovery link mailed, if the address has an account that can use one.

    Whether it has is first looked at by a worker, so that nothing of the answer, not even the time
    it takes, depends on it (C1).
    """
    with transaction.atomic():
        events.record("recovery.requested", request=request, personal={"email": email})
        outbox.enqueue(
            "accounts.recovery_link",
            {"email": email, "next_url": next_url, "language": translation.get_language() or ""},
        )


@outbox.handler("accounts.recovery_link", queue=outbox.Queue.URGENT)
def mail_link(payload: dict[str, Any], key: str) -> None:
    """Mail the link that was asked for. A newer link takes the place of the one before.

    At a repeat another link is mailed, and is then the one that works.
    """
    user = find_user(payload["email"])
    if user is None or not user.is_active:
        return
    token = new_token()
    with transaction.atomic():
        RecoveryToken.objects.update_or_create(
            user=user,
            defaults={
                "token_hash": token_hash(token),
                "credential_hash": credential_hash(user),
                "next_url": payload["next_url"],
                "created_at": timezone.now(),
                "expires_at": expiry(),
            },
        )
        mail.send_email(
            email_of(user),
            "ostiary_accounts/mail/recover",
            {"link": link_to("ostiary_accounts:recover_set", token)},
            language=payload["language"],
            urgent=True,
        )
        events.record("recovery.link_sent", user=user)


def pending(hashed_token: str) -> RecoveryToken | None:
    """The recovery that a mailed link allows, unless it was used, replaced or has expired."""
    found = (
        RecoveryToken.objects.select_related("user")
        .filter(token_hash=hashed_token, expires_at__gt=timezone.now())
        .first()
    )
    return found if found and _still_holds(found, found.user) else None


def _still_holds(recovery: RecoveryToken, user: Any) -> bool:
    return user.is_active and constant_time_compare(recovery.credential_hash, credential_hash(user))


def set_password(request: HttpRequest, recovery: RecoveryToken, password: str) -> bool:
    """Set a new password by a link; ``False`` if the link has died in the meantime.

    Every session of the person ends, and they are told. The address is verified by it: who opened
    the link reads its mail.
    """
    with transaction.atomic():
        deleted, _ = RecoveryToken.objects.filter(
            pk=recovery.pk, token_hash=recovery.token_hash
        ).delete()
        if not deleted:
            return False
        user: Any = get_user_model()._default_manager.select_for_update().get(pk=recovery.pk)
        if not _still_holds(recovery, user):
            return False
        changed = ["password"]
        new_password(user, password)
        if getattr(user, "email_verified_at", user) is None:
            user.email_verified_at = timezone.now()
            changed.append("email_verified_at")
        user.save(update_fields=changed)
        mail_standing.clear(user, request=request)
        sessions.end_all(user, "password")
        tell_password_changed(request, user, "recovery.completed")
    return True


def change_password(request: HttpRequest, user: Any, password: str, *, keep_sid: str = "") -> None:
    """Another password for someone who has proved who they are; all other sessions end."""
    with transaction.atomic():
        new_password(user, password)
        user.save(update_fields=["password"])
        sessions.end_all(user, "password", keep_sid=keep_sid)
        tell_password_changed(request, user, "password.changed")


def tell_password_changed(request: HttpRequest | None, user: Any, kind: str) -> None:
    """Log that the password is another now, and mail the person (SECURITY C9)."""
    events.record(kind, user=user, request=request)
    password_changed.send(type(user), user=user, request=request)
    notify(user, "password_changed", request=request)
