"""``EMAIL_URL``: an SMTP server, a folder, or a mail provider by its name."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any

import dj_email_url
from django.core.exceptions import ImproperlyConfigured

DEFAULT = "smtp://localhost:25"
PREFIX = "ANYMAIL_"
PROVIDERS = {
    **{
        name: f"anymail.backends.{name}.EmailBackend"
        for name in (
            *("amazon_ses", "brevo", "mailersend", "mailgun", "mailjet", "mailtrap", "mandrill"),
            *("postal", "postmark", "scaleway", "sendgrid", "sparkpost", "unisender_go"),
        )
    },
    "resend": "ostiary.resend_backend.EmailBackend",
}
"""The backend of each provider that django-anymail knows, by its name there."""
TIMEOUT_SECONDS = 10
"""For a connection and for each answer: a worker holds a message no longer than it must."""


def settings_of(url: str, environ: Mapping[str, str]) -> dict[str, Any]:
    """Django's settings for ``EMAIL_URL``. Raises ``ImproperlyConfigured``.

    Of a provider, ``mailgun://`` say, each variable ``ANYMAIL_…`` of the environment is the setting
    of that name in anymail's documentation.
    """
    name = url.partition(":")[0].lower().replace("-", "_")
    if name in PROVIDERS:
        return _by_provider(name, environ)
    if name not in dj_email_url.SCHEMES:
        known = ", ".join(sorted({*dj_email_url.SCHEMES, *PROVIDERS}))
        raise ImproperlyConfigured(
            f"EMAIL_URL starts with {name!r}, which isn't supported. Use one of: {known}."
        )
    found = dj_email_url.parse(url)
    return {
        "EMAIL_BACKEND": found["EMAIL_BACKEND"],
        "EMAIL_HOST": found["EMAIL_HOST"],
        "EMAIL_PORT": found["EMAIL_PORT"],
        "EMAIL_HOST_USER": found["EMAIL_HOST_USER"] or "",
        "EMAIL_HOST_PASSWORD": found["EMAIL_HOST_PASSWORD"] or "",
        "EMAIL_USE_TLS": found["EMAIL_USE_TLS"],
        "EMAIL_USE_SSL": found["EMAIL_USE_SSL"],
        "EMAIL_FILE_PATH": found["EMAIL_FILE_PATH"] or None,
        "EMAIL_TIMEOUT": TIMEOUT_SECONDS,
    }


def _by_provider(name: str, environ: Mapping[str, str]) -> dict[str, Any]:
    if find_spec("anymail") is None:
        raise ImproperlyConfigured(
            f"EMAIL_URL names {name!r}, but the package for it isn't installed. "
            "Install django-ostiary[mail]."
        )
    given: dict[str, Any] = {
        key.removeprefix(PREFIX): value
        for key, value in environ.items()
        if key.startswith(PREFIX) and value
    }
    if secrets := given.get("WEBHOOK_SECRET"):
        given["WEBHOOK_SECRET"] = secrets.split(",")
    return {
        "EMAIL_BACKEND": PROVIDERS[name],
        "ANYMAIL": {"REQUESTS_TIMEOUT": TIMEOUT_SECONDS, **given},
    }
