"""Single-use links that are mailed: what they carry, and how they leave the address bar."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth import get_user_model
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from ostiary import mail

from .credentials import credential_hash
from .models import MailedLink

LIFETIME = timedelta(hours=1)
"""A mailed link works for an hour at most (SECURITY C4)."""


def new_token() -> str:
    """256 random bits, base64url."""
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> str:
    """What is kept of a token: its SHA-256, in hex."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def link_to(view: str, token: str) -> str:
    """The address that is mailed."""
    return mail.absolute_url(f"{reverse(view)}?{urlencode({'token': token})}")


def expiry(lifetime: timedelta = LIFETIME) -> datetime:
    """When a link that is made now stops working."""
    return timezone.now() + lifetime


def take_token(request: HttpRequest, entry: str) -> bool:
    """Move the token of a link from the address into the session; whether there was one.

    The view then redirects to its own address, so that the token shows up in no history and no
    Referer (SECURITY C4). The session, like the table, keeps only its hash.
    """
    if "token" not in request.GET:
        return False
    request.session[entry] = token_hash(request.GET["token"])
    return True


def make(
    user: Any,
    purpose: MailedLink.Purpose,
    *,
    email: str = "",
    lifetime: timedelta = LIFETIME,
    dies_with_credentials: bool = True,
) -> str:
    """The token of a new link; one that dies with its credentials is dead when the password or
    the address changes."""
    token = new_token()
    MailedLink.objects.create(
        user=user,
        purpose=purpose,
        token_hash=token_hash(token),
        credential_hash=credential_hash(user) if dies_with_credentials else "",
        email=email,
        expires_at=expiry(lifetime),
    )
    return token


def find(hashed_token: str, *purposes: MailedLink.Purpose) -> MailedLink | None:
    """The link of this token, unless it was used, has expired or died."""
    found = (
        MailedLink.objects.select_related("user")
        .filter(token_hash=hashed_token, purpose__in=purposes, expires_at__gt=timezone.now())
        .first()
    )
    return found if found and _still_holds(found, found.user) else None


def _still_holds(link: MailedLink, user: Any) -> bool:
    return user.is_active and (
        not link.credential_hash
        or constant_time_compare(link.credential_hash, credential_hash(user))
    )


def use(link: MailedLink) -> Any:
    """Consume the link, and return its person, locked; ``None`` if it has died in the meantime.

    Of two who use one link at once, one deletes the row. To be called in a transaction. The person
    is locked before the link, here as everywhere, so that two uses never wait for each other.
    """
    user = get_user_model()._default_manager.select_for_update().get(pk=link.user_id)
    deleted, _ = MailedLink.objects.filter(pk=link.pk).delete()
    return user if deleted and _still_holds(link, user) else None
