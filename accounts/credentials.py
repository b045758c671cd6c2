"""What a person signs in with, as one value that changes when any of it does.

Needs no models, so that the password validators, which are loaded where accounts is not installed,
can use it.
"""

from __future__ import annotations

from typing import Any

from django.utils.crypto import salted_hmac

from .addresses import email_of


def credential_hash(user: Any) -> str:
    """Changes with the password and with the address: a link made before either is dead."""
    return salted_hmac(
        "ostiary.accounts.recovery", f"{user.password} {email_of(user)}", algorithm="sha256"
    ).hexdigest()
