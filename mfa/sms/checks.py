"""System checks of text messages: what would only be noticed when somebody waits for a code."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import phonenumbers
from django.core.checks import CheckMessage, Error, Warning, register
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

from ..conf import mfa_settings
from .gateway import GatewayBackend
from .twilio import TwilioBackend

SHORTEST_SECRET = 32


@register()
def check_text_messages(app_configs: Any, **_: Any) -> list[CheckMessage]:
    """Who carries text messages is there, knows how to, and may send somewhere."""
    try:
        return [*_backend(), *_countries()]
    except ImproperlyConfigured:
        return []  # told by the check of the settings' types


def _backend() -> Iterator[CheckMessage]:
    if not mfa_settings.SMS_BACKEND:
        return
    try:
        backend = import_string(mfa_settings.SMS_BACKEND)
    except ImportError as error:
        yield Error(
            f"OSTIARY_MFA['SMS_BACKEND'] can't be imported: {error}",
            hint="Write the dotted path of a class, such as "
            f"'{TwilioBackend.__module__}.{TwilioBackend.__qualname__}'.",
            id="ostiary_mfa.E010",
        )
        return
    if not isinstance(backend, type):
        return
    if issubclass(backend, TwilioBackend):
        yield from _needed("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "SMS_SENDER")
    if issubclass(backend, GatewayBackend):
        yield from _needed("SMS_GATEWAY_URL", "SMS_GATEWAY_SECRET")
        yield from _gateway()


def _needed(*names: str) -> Iterator[CheckMessage]:
    for name in names:
        if not getattr(mfa_settings, name):
            yield Error(
                f"OSTIARY_MFA['{name}'] is empty, and SMS_BACKEND needs it.", id="ostiary_mfa.E011"
            )


def _gateway() -> Iterator[CheckMessage]:
    parts = urlsplit(mfa_settings.SMS_GATEWAY_URL)
    local = parts.hostname in ("localhost", "127.0.0.1", "::1")
    if (
        mfa_settings.SMS_GATEWAY_URL
        and parts.scheme != "https"
        and not (local and parts.scheme == "http")
    ):
        yield Error(
            "OSTIARY_MFA['SMS_GATEWAY_URL'] isn't an https address: numbers and codes would be "
            "sent unencrypted.",
            id="ostiary_mfa.E012",
        )
    if 0 < len(mfa_settings.SMS_GATEWAY_SECRET) < SHORTEST_SECRET:
        yield Error(
            f"OSTIARY_MFA['SMS_GATEWAY_SECRET'] has fewer than {SHORTEST_SECRET} characters.",
            hint='Make one with: python -c "import secrets; print(secrets.token_urlsafe(32))"',
            id="ostiary_mfa.E013",
        )


def _countries() -> Iterator[CheckMessage]:
    for country in mfa_settings.SMS_COUNTRIES:
        if not re.fullmatch("[A-Z]{2}", country) or (country not in phonenumbers.SUPPORTED_REGIONS):
            yield Error(
                f"OSTIARY_MFA['SMS_COUNTRIES'] has {country!r}, which isn't a country code.",
                hint="Use two-letter codes, such as 'DE'.",
                id="ostiary_mfa.E014",
            )
    if mfa_settings.SMS_BACKEND and not mfa_settings.SMS_COUNTRIES:
        yield Warning(
            "OSTIARY_MFA['SMS_COUNTRIES'] is empty: no text messages are sent.",
            hint="List the countries to send to, such as ['DE', 'AT', 'CH'].",
            id="ostiary_mfa.W010",
        )
