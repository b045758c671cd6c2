"""Demo mode: which secrets it makes for itself, and when it may be on at all.

Nothing here imports Django: the settings module needs it before Django is ready.
"""

from __future__ import annotations

import base64
import os
import secrets
import tempfile
from collections.abc import Callable
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

PASSWORD = "correct horse battery staple"  # noqa: S105  (public by contract, demo mode only)
SMS_COUNTRIES = ["AT", "CH", "DE", "ES", "FR", "GB", "US"]
"""Whose numbers get text messages: they go to the mailbox, and cost nothing."""


def is_loopback(url: str) -> bool:
    """Whether ``url`` names this machine: ``localhost`` or a loopback address."""
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def why_not_allowed(issuer_url: str) -> str:
    """Why demo mode must not be on for this issuer, in words; ``""`` if it may."""
    if is_loopback(issuer_url):
        return ""
    return (
        "Demo mode (DEMO=1 or DEBUG=1) publishes passwords, so it runs on this machine only. "
        f"ISSUER_URL is {issuer_url!r}. Unset DEMO and DEBUG, or set "
        "ISSUER_URL=http://localhost:8000."
    )


def new_secret_key() -> str:
    """A ``SECRET_KEY``: 384 random bits."""
    return secrets.token_urlsafe(48)


def new_encryption_key() -> str:
    """A ``FIELD_ENCRYPTION_KEYS`` entry: base64url of 32 random bytes."""
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()


def new_client_secret() -> str:
    """A client secret: 256 random bits."""
    return secrets.token_urlsafe(32)


def new_totp_key() -> str:
    """The key of an authenticator app: 160 random bits in Base32."""
    return base64.b32encode(secrets.token_bytes(20)).decode()


def kept_secret(var_dir: Path, name: str, make: Callable[[], str]) -> str:
    """The secret ``name`` in ``var_dir/secrets`` (mode 0600), made at the first call.

    Two processes that start at the same time agree: the file appears whole, under its name, once.
    """
    path = var_dir / "secrets" / name
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # mkstemp makes the file with mode 0600; a hard link fails where the name is taken.
        handle, draft = tempfile.mkstemp(dir=path.parent)
        try:
            with os.fdopen(handle, "w") as file:
                file.write(make() + "\n")
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            os.unlink(draft)
    return path.read_text().strip()
