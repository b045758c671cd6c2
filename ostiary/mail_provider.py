"""Which mail provider the project sends by, where it does so by django-anymail."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string

ANYMAILS = "anymail.backends."


def backend() -> Any:
    """The class of the email backend; ``None`` if it can't be imported."""
    mailers = getattr(settings, "MAILERS", None)  # Django 6.1
    path = mailers.get("default", {}).get("BACKEND", "") if mailers else settings.EMAIL_BACKEND
    try:
        return import_string(path)
    except ImportError:
        return None


def name() -> str:
    """The provider's name in anymail, such as ``mailgun``; ``""`` where mail goes another way."""
    for each in getattr(backend(), "__mro__", ()):
        if each.__module__.startswith(ANYMAILS) and not each.__name__.startswith("Anymail"):
            return str(each.__module__.removeprefix(ANYMAILS))
    return ""


def what_is_missing() -> str:
    """What of the provider's settings is; ``""`` for nothing."""
    if backend() is None:
        return "the email backend of the settings can't be imported"
    if not name() or getattr(settings, "MAILERS", None):  # of those Django tells
        return ""
    from anymail.exceptions import AnymailConfigurationError

    try:
        backend()()
    except AnymailConfigurationError as problem:
        return str(problem)
    return ""
