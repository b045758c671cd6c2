"""System checks of passkeys."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.core.checks import CheckMessage, Error, register

from ostiary.conf import ostiary_settings
from ostiary.typed_settings import unknown_keys, wrong_values

from .conf import PasskeysSettings, passkeys_settings, rp_id


@register()
def check_settings(app_configs: Any, **_: Any) -> list[CheckMessage]:
    """OSTIARY_PASSKEYS holds known keys of the right types that make sense."""
    name = "OSTIARY_PASSKEYS"
    found: list[CheckMessage] = [
        Error(problem, id="ostiary_passkeys.E001")
        for problem in (
            *unknown_keys(name, PasskeysSettings),
            *wrong_values(name, PasskeysSettings),
        )
    ]
    return found or [
        Error(f"OSTIARY_PASSKEYS[{key!r}] {problem}", hint=hint, id="ostiary_passkeys.E002")
        for key, problem, hint in _senseless_values()
    ]


def _senseless_values() -> Iterator[tuple[str, str, str]]:
    host = urlsplit(ostiary_settings.ISSUER_URL).hostname or ""
    if host and host != rp_id() and not host.endswith(f".{rp_id()}"):
        yield (
            "RP_ID",
            f"is {rp_id()!r}, and no browser lets {host} use passkeys of that.",
            f"Write {host!r}, a domain above it, or nothing.",
        )
    if passkeys_settings.USER_VERIFICATION not in ("required", "preferred"):
        yield (
            "USER_VERIFICATION",
            f"is {passkeys_settings.USER_VERIFICATION!r}.",
            'Write "required" or "preferred".',
        )
    if passkeys_settings.ATTESTATION not in ("none", "direct"):
        yield (
            "ATTESTATION",
            f"is {passkeys_settings.ATTESTATION!r}.",
            'Write "none" or "direct".',
        )
    if passkeys_settings.ALLOWED_AAGUIDS and passkeys_settings.ATTESTATION != "direct":
        yield (
            "ALLOWED_AAGUIDS",
            "names models, and without a proof an authenticator may claim any.",
            'Write "direct" as ATTESTATION too, or no models.',
        )
    for aaguid in passkeys_settings.ALLOWED_AAGUIDS:
        if not _is_uuid(aaguid):
            yield (
                "ALLOWED_AAGUIDS",
                f"has {aaguid!r}, which is no AAGUID.",
                'Write such as "2fc0579f-8113-47ea-b116-bb5a8db9202a".',
            )
    for origin in passkeys_settings.ORIGINS:
        if not _is_origin(origin):
            yield (
                "ORIGINS",
                f"has {origin!r}, which is no origin.",
                'Write such as "https://www.example.com", without a slash at the end.',
            )


def _is_origin(origin: str) -> bool:
    parts = urlsplit(origin)
    if parts.scheme in ("http", "https"):
        return bool(parts.hostname) and origin == f"{parts.scheme}://{parts.netloc}"
    return origin.startswith("android:apk-key-hash:")


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
