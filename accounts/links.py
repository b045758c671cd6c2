"""Single-use links that are mailed: what they carry, and how they leave the address bar."""

from __future__ import annotations

import hashlib
import secrets
from typing import Any

from django.contrib.auth import get_user_model
from django.utils.crypto import salted_hmac

LIFETIME_SECONDS = 3600
"""A mailed link works for an hour at most (SECURITY C4)."""

TOKEN_MAX_LENGTH = 100


def new_token() -> str:
    """256 random bits, base64url."""
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> str:
    """What is kept of a token: its SHA-256, in hex."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def email_of(user: Any) -> str:
    """The person's address, on any user model."""
    return str(getattr(user, get_user_model().get_email_field_name(), ""))


def credential_hash(user: Any) -> str:
    """Changes with the password and with the address: a link made before either is dead."""
    return salted_hmac(
        "ostiary.accounts.recovery", f"{user.password} {email_of(user)}", algorithm="sha256"
    ).hexdigest()
