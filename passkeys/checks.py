"""System checks of passkeys."""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.core.checks import CheckMessage, Error, Warning, register

from ostiary.conf import ostiary_settings
from ostiary.typed_settings import unknown_keys, wrong_values

from .conf import PasskeysSettings, passkeys_settings, rp_id
from .native_apps import APPLE_APP, FINGERPRINT, KEY_HASH, PACKAGE, is_android_origin

DEFAULT_PORTS = {"https": 443, "http": 80}

_DOMAIN = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?(?:\.(?!$)|$))+")
_ENDS_IN_A_NUMBER = re.compile(r"(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)\.?")
"""A host that browsers take for an IPv4 address (URL Standard, “ends in a number”)."""


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
        *_issuer(ostiary_settings.ISSUER_URL),
        *(
            Error(f"OSTIARY_PASSKEYS[{key!r}] {problem}", hint=hint, id="ostiary_passkeys.E002")
            for key, problem, hint in _senseless_values()
        ),
    ]


def _issuer(issuer: str) -> Iterator[CheckMessage]:
    """A browser has to tell the issuer's address as the origin, and its host must be a domain. That
    it is an address at all is for the ground floor to say."""
    if not issuer or not _is_address(issuer):
        return
    if problem := _problem_of_address(issuer.rstrip("/")):
        about, hint = problem
        text = f"OSTIARY['ISSUER_URL'] {about}"
        if _is_loopback(issuer):  # who tries the site on their own machine may do so without them
            yield Warning(text, hint=hint, id="ostiary_passkeys.W001")
        else:
            yield Error(text, hint=hint, id="ostiary_passkeys.E003")


def _senseless_values() -> Iterator[tuple[str, str, str]]:
    host = _host(ostiary_settings.ISSUER_URL)
    if host and host != rp_id() and not host.endswith(f".{rp_id()}"):
        yield (
            "RP_ID",
            f"is {rp_id()!r}, and no browser lets {host} use passkeys of that.",
            f"Write {host!r}, a domain above it, or nothing.",
        )
    elif host and host != rp_id() and "." not in rp_id():
        yield (
            "RP_ID",
            f"is {rp_id()!r}, under which anybody can have a domain: no browser takes it.",
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
    if passkeys_settings.SYNCED_COUNTER not in ("note", "refuse"):
        yield (
            "SYNCED_COUNTER",
            f"is {passkeys_settings.SYNCED_COUNTER!r}.",
            'Write "note" or "refuse".',
        )
    for origin in passkeys_settings.ORIGINS:
        if problem := _problem_of_origin(origin):
            yield ("ORIGINS", *problem)
    yield from _senseless_apps()


def _senseless_apps() -> Iterator[tuple[str, str, str]]:
    for package, fingerprints in passkeys_settings.ANDROID_APPS.items():
        if not PACKAGE.fullmatch(package):
            yield (
                "ANDROID_APPS",
                f"has {package!r}, which is no package.",
                'Write such as "com.example.app".',
            )
        wrong = [each for each in fingerprints if not FINGERPRINT.fullmatch(each)]
        for each in wrong or ([] if fingerprints else [""]):
            yield (
                "ANDROID_APPS",
                f"has {each!r} of {package}, which is no SHA-256 fingerprint.",
                'Write 32 pairs of hex digits with colons between them, such as "14:6D:E9:…", as '
                "`keytool -list -v` and the Play Console show them.",
            )
    for app in passkeys_settings.APPLE_APPS:
        if not APPLE_APP.fullmatch(app):
            yield (
                "APPLE_APPS",
                f"has {app!r}, which is no application identifier.",
                'Write team and bundle, such as "ABCDE12345.com.example.app".',
            )


def _problem_of_origin(origin: str) -> tuple[str, str] | None:
    """What keeps every browser and application from telling this origin, and what to write."""
    if origin.startswith(KEY_HASH):
        if is_android_origin(origin):
            return None
        return (
            f"has {origin!r}, and no Android application tells that.",
            "Write the SHA-256 of the signing certificate in base64url, which is 43 characters "
            "without padding; or name the application in ANDROID_APPS, by the fingerprint in hex.",
        )
    if not _is_address(origin) or urlsplit(origin).netloc != origin.partition("://")[2]:
        return (
            f"has {origin!r}, which is no origin.",
            'Write such as "https://www.example.com", without a slash at the end.',
        )
    if problem := _problem_of_address(origin):
        about, hint = problem
        return f"has {origin!r}, which {about}", hint
    return None


def _problem_of_address(address: str) -> tuple[str, str] | None:
    """What keeps browsers from using passkeys at the address of a page."""
    parts, host = urlsplit(address), _host(address)
    if _is_ip(host) or _ENDS_IN_A_NUMBER.fullmatch(host):
        return (
            "is at an IP address, and passkeys are made for domains: nobody can use one there.",
            "Give the site a name. On your own machine it is http://localhost, with the port.",
        )
    port = "" if parts.port in (None, DEFAULT_PORTS[parts.scheme]) else f":{parts.port}"
    told = f"{parts.scheme}://{host}{port}"
    if told != address or not address.isascii():
        return (
            "is not how browsers write that origin, so no passkey is taken.",
            f"Write {told!r}."
            if told.isascii()
            else "Write the host in its ASCII form, which begins with xn--.",
        )
    if not _DOMAIN.fullmatch(host):
        return (
            "has a host that isn't a domain name, so no passkey is taken.",
            "Write each host by itself, without a wildcard and without a dot at the end.",
        )
    if parts.scheme == "http" and host != "localhost" and not host.endswith(".localhost"):
        return (
            "is plain http, where browsers use no passkeys but on localhost.",
            "Write the https address.",
        )
    return None


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        return False
    return parts.scheme in DEFAULT_PORTS and bool(parts.hostname) and "@" not in parts.netloc


def _host(address: str) -> str:
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""


def _is_ip(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _is_loopback(address: str) -> bool:
    host = _host(address)
    return _is_ip(host) and ip_address(host).is_loopback


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
