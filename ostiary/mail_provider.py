"""Which mail provider the project sends by, where it does so by django-anymail."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string

ANYMAILS = "anymail.backends."
CAN_TRACK = frozenset(
    {
        *("mailersend", "mailgun", "mailjet", "mandrill", "postmark", "sendgrid", "sparkpost"),
        "unisender_go",
    }
)
"""Providers that are told, with each message, to count no openings and to leave links as they are.
The others have a switch for it in their own pages, or can't."""


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


def without_tracking(message: Any) -> None:
    """Have the provider follow nobody who reads the message, and lead no link through itself."""
    if name() in CAN_TRACK:
        message.track_opens = message.track_clicks = False


def has_reports() -> bool:
    """Whether anymail reads what the provider reports."""
    return _tracking_view() is not None


def tracking_view() -> Any:
    """The view of anymail's that reads and verifies the provider's reports.

    ``None`` where there is none, or where nobody could tell that it is the provider who calls.
    """
    made = _made()
    return None if made is None or isinstance(made, str) else made


def why_no_reports() -> str:
    """What is missing to take the provider's reports; ``""`` for nothing."""
    made = _made()
    return made if isinstance(made, str) else ""


def _made() -> Any:
    """The view, ``None``, or why it can't be had."""
    from_anymail = _tracking_view()
    if from_anymail is None:
        return None
    from anymail.exceptions import AnymailConfigurationError

    try:
        view = from_anymail()
    except (AnymailConfigurationError, ImportError) as problem:
        return str(problem)
    no_signature = view.warn_if_no_basic_auth or getattr(view, "webhook_key", "") is None
    return "WEBHOOK_SECRET is not set" if no_signature and not view.basic_auth else view


def _tracking_view() -> Any:
    """The class; ``None`` if the provider reports nothing that anymail reads."""
    if not (provider := name()):
        return None
    try:
        module = import_module(f"anymail.webhooks.{provider}")
    except ImportError:
        return None
    for each in vars(module).values():
        if getattr(each, "__module__", "") == module.__name__ and each.__name__.endswith(
            ("TrackingWebhookView", "CombinedWebhookView")
        ):
            return each
    return None
