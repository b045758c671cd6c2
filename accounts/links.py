"""Single-use links that are mailed: what they carry, and how they leave the address bar."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import salted_hmac

from ostiary import mail

from .addresses import email_of

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


def expiry() -> datetime:
    """When a link that is made now stops working."""
    return timezone.now() + LIFETIME


def take_token(request: HttpRequest, entry: str) -> bool:
    """Move the token of a link from the address into the session; whether there was one.

    The view then redirects to its own address, so that the token shows up in no history and no
    Referer (SECURITY C4). The session, like the table, keeps only its hash.
    """
    if "token" not in request.GET:
        return False
    request.session[entry] = token_hash(request.GET["token"])
    return True


def credential_hash(user: Any) -> str:
    """Changes with the password and with the address: a link made before either is dead."""
    return salted_hmac(
        "ostiary.accounts.recovery", f"{user.password} {email_of(user)}", algorithm="sha256"
    ).hexdigest()
