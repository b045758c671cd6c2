"""Forgot password: a mailed link, once, for an hour, and never past a second factor."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.db import transaction
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from ostiary import events, mail, sessions
from ostiary.signals import password_changed

from .links import LIFETIME_SECONDS, credential_hash, email_of, new_token, token_hash
from .models import RecoveryToken
from .registration import find_user


def request_link(request: HttpRequest, *, email: str, next_url: str) -> None:
    """Mail a recovery link, if the address has an account that can use one.

    A newer link takes the place of the one before. The page answers alike in any case (C1).
    """
    user = find_user(email)
    known = user is not None and user.is_active
    with transaction.atomic():
        if known:
            token = new_token()
            RecoveryToken.objects.update_or_create(
                user=user,
                defaults={
                    "token_hash": token_hash(token),
                    "credential_hash": credential_hash(user),
                    "next_url": next_url,
                    "created_at": timezone.now(),
                    "expires_at": timezone.now() + timedelta(seconds=LIFETIME_SECONDS),
                },
            )
            path = f"{reverse('ostiary_accounts:recover_set')}?{urlencode({'token': token})}"
            mail.send_email(
                email_of(user), "ostiary_accounts/mail/recover", {"link": mail.absolute_url(path)}
            )
        events.record(
            "recovery.requested", user=user if known else None, request=request,
            personal={"email": email},
        )


def pending(token: str) -> RecoveryToken | None:
    """The recovery that a mailed link allows, unless it was used, replaced or has expired."""
    found = (
        RecoveryToken.objects.select_related("user")
        .filter(token_hash=token_hash(token), expires_at__gt=timezone.now(), user__is_active=True)
        .first()
    )
    if found and constant_time_compare(found.credential_hash, credential_hash(found.user)):
        return found
    return None


def set_password(request: HttpRequest, recovery: RecoveryToken, password: str) -> bool:
    """Set a new password by a link; ``False`` if the link was used in the meantime.

    Every session of the person ends, and they are told.
    """
    user: Any = recovery.user
    with transaction.atomic():
        deleted, _ = RecoveryToken.objects.filter(
            pk=recovery.pk, token_hash=recovery.token_hash
        ).delete()
        if not deleted:
            return False
        user.set_password(password)
        user.save(update_fields=["password"])
        sessions.end_all(user, "password")
        tell_password_changed(request, user, "recovery.completed")
    return True


def tell_password_changed(request: HttpRequest, user: Any, kind: str) -> None:
    """Log that the password is another now, and mail the person (SECURITY C9)."""
    events.record(kind, user=user, request=request)
    password_changed.send(type(user), user=user, request=request)
    mail.send_email(
        email_of(user),
        "ostiary_accounts/mail/password_changed",
        {"recover_link": mail.absolute_url(reverse("ostiary_accounts:recover"))},
    )
