"""The settings of passkeys: each with its type, unit, default and reason.

A project writes ``OSTIARY_PASSKEYS = {"USER_VERIFICATION": "preferred", ...}`` in its Django
settings; code reads ``passkeys_settings.USER_VERIFICATION``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from ostiary.conf import ostiary_settings
from ostiary.typed_settings import read

from .native_apps import android_origin


@dataclass(frozen=True)
class PasskeysSettings:
    """Every key that ``settings.OSTIARY_PASSKEYS`` may hold."""

    RP_ID: str = ""
    """The domain that passkeys are made for: the host of ``ISSUER_URL``, or a domain above it, such
    as ``"example.com"`` for ``https://id.example.com``. Empty is that host. Passkeys work for no
    other: whoever changes it loses all of them."""

    ORIGINS: list[str] = field(default_factory=list)
    """Further origins at which passkeys may be used beside that of ``ISSUER_URL``, each with scheme
    and without a slash at the end, such as ``"https://www.example.com"``, or an Android
    application's ``"android:apk-key-hash:…"`` where ``ANDROID_APPS`` doesn't name it."""

    ANDROID_APPS: dict[str, list[str]] = field(default_factory=dict)
    """Android applications that may use the passkeys, by package, each with the SHA-256
    fingerprints of its signing certificates as ``keytool`` prints them:
    ``{"com.example.app": ["14:6D:E9:…"]}``. They are told to Android at
    ``/.well-known/assetlinks.json``, and their origins are taken."""

    APPLE_APPS: list[str] = field(default_factory=list)
    """Applications on Apple's systems that may use the passkeys, each by team and bundle, such as
    ``"ABCDE12345.com.example.app"``: told at ``/.well-known/apple-app-site-association``."""

    USER_VERIFICATION: str = "required"
    """Whether an authenticator must verify its user, by a finger, a face or a PIN: ``"required"``,
    or ``"preferred"``, which takes simple security keys too, beside a password. Signing in without
    a password requires it in any case."""

    ATTESTATION: str = "none"
    """Whether a new passkey must prove of which model its authenticator is: ``"none"``, or
    ``"direct"``, which takes only models that ``manage.py import_mds`` has read of and that are not
    compromised. Synced passkeys prove none, so ``"direct"`` is for security keys and computers that
    an organisation gives out."""

    ALLOWED_AAGUIDS: list[str] = field(default_factory=list)
    """The models that are taken under ``"direct"``, by AAGUID, such as
    ``"2fc0579f-8113-47ea-b116-bb5a8db9202a"``. Empty takes all that the metadata tells of."""

    DEVICE_BOUND_GROUPS: list[str] = field(default_factory=list)
    """The names of groups, such as ``"operators"``, whose people may use only passkeys that stay on
    the device where they were made. A synced one that somebody has already stops working for them
    when they join."""

    SYNCED_COUNTER: str = "note"
    """What becomes of a synced passkey whose signature counter does not go up: ``"note"`` lets it
    in and logs it, since the devices that it is synced to may each count for themselves (WebAuthn
    Level 3 §7.2 step 22); ``"refuse"`` takes it for a copy, as it is always done with a passkey
    that stays on one device."""

    MAX_PER_PERSON: int = 20
    """How many passkeys a person may have."""


passkeys_settings = read("OSTIARY_PASSKEYS", PasskeysSettings)


def rp_id() -> str:
    """The relying party's identifier (WebAuthn Level 3 §4)."""
    return passkeys_settings.RP_ID or urlsplit(ostiary_settings.ISSUER_URL).hostname or ""


def origins() -> list[str]:
    """The origins from which an answer is taken, each compared as a whole."""
    issuer = urlsplit(ostiary_settings.ISSUER_URL)
    apps = passkeys_settings.ANDROID_APPS.values()
    return [
        f"{issuer.scheme}://{issuer.netloc}",
        *passkeys_settings.ORIGINS,
        *(android_origin(fingerprint) for fingerprints in apps for fingerprint in fingerprints),
    ]
