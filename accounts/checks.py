"""System checks of accounts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import get_hashers
from django.core.checks import CheckMessage, Error, Warning, register
from django.core.exceptions import FieldDoesNotExist
from django.utils.module_loading import import_string

from ostiary.conf import ostiary_settings
from ostiary.typed_settings import unknown_keys, wrong_values

from . import signup_policy, terms
from .conf import AccountsSettings, accounts_settings
from .forms import shortest_password
from .hashing import BoundedArgon2PasswordHasher
from .importing.hashes import HashRefused, binary, signer_key_problem
from .models.terms import VERSION_MAX_LENGTH

SHORTEST_PASSWORD = 15
"""Without a second factor (NIST SP 800-63B-4 §3.1.1.2)."""


@register()
def check_settings(app_configs: Any, **_: Any) -> list[CheckMessage]:
    """OSTIARY_ACCOUNTS holds known keys of the right types that make sense."""
    name = "OSTIARY_ACCOUNTS"
    found: list[CheckMessage] = [
        Error(problem, id="ostiary_accounts.E002")
        for problem in (
            *unknown_keys(name, AccountsSettings),
            *wrong_values(name, AccountsSettings),
        )
    ]
    return found or [
        Error(f"OSTIARY_ACCOUNTS[{key!r}] {problem}", hint=hint, id="ostiary_accounts.E003")
        for key, problem, hint in _senseless_values()
    ]


def _senseless_values() -> Iterator[tuple[str, str, str]]:
    url = accounts_settings.BREACHED_PASSWORDS_URL
    if url and not _is_safe(url):
        yield (
            "BREACHED_PASSWORDS_URL",
            "isn't an https URL that ends with a slash.",
            'Use a URL such as "https://api.pwnedpasswords.com/range/", or "" for no service.',
        )
    path = accounts_settings.BREACHED_PASSWORDS_FILE
    if path and not Path(path).is_file():
        yield (
            "BREACHED_PASSWORDS_FILE",
            "isn't an existing file.",
            "Use the path of a file of sorted SHA-1 hashes.",
        )
    if accounts_settings.SIGNUP not in signup_policy.Mode.values:
        yield (
            "SIGNUP",
            f"is {accounts_settings.SIGNUP!r}, which isn't a sign-up mode, so nobody can sign up.",
            f"Use one of {', '.join(signup_policy.Mode.values)}.",
        )
    if accounts_settings.SIGNUP == "domains" and not accounts_settings.SIGNUP_DOMAINS:
        yield (
            "SIGNUP_DOMAINS",
            "is empty, but SIGNUP only allows those domains.",
            'Use a list such as ["example.com"].',
        )
    key = accounts_settings.FIREBASE_SIGNER_KEY
    if key and (problem := signer_key_problem(key)):
        yield (
            "FIREBASE_SIGNER_KEY",
            f"{problem}.",
            "Copy it from “Password hash parameters” in the Firebase console.",
        )
    try:
        binary(accounts_settings.FIREBASE_SALT_SEPARATOR)
    except HashRefused:
        yield (
            "FIREBASE_SALT_SEPARATOR",
            "isn't the base64_salt_separator of a Firebase project.",
            "Copy it from “Password hash parameters” in the Firebase console.",
        )
    for key in ("ADDRESS_POLICIES", "NAME_POLICIES"):
        for path in getattr(accounts_settings, key):
            try:
                found = callable(import_string(path))
            except ImportError:
                found = False
            if not found:
                yield key, f"names {path!r}, which isn't a function.", "Check the spelling."
    path = accounts_settings.DISPOSABLE_DOMAINS_FILE
    if path and not Path(path).is_file():
        yield (
            "DISPOSABLE_DOMAINS_FILE",
            "isn't an existing file.",
            "Use the path of a file with one domain per line.",
        )
    if accounts_settings.SUPPORT_RECOVERY_OPERATORS > 2:
        yield (
            "SUPPORT_RECOVERY_OPERATORS",
            "is greater than 2, so no account could ever be recovered.",
            "Use 1 or 2.",
        )
    if version := accounts_settings.TERMS_VERSION:
        if len(version) > VERSION_MAX_LENGTH:
            yield "TERMS_VERSION", "is too long.", "Use at most 40 characters."
        if not ostiary_settings.TERMS_URL:
            yield (
                "TERMS_VERSION",
                "is set, but OSTIARY['TERMS_URL'] isn't, so nobody can read the terms.",
                'Set it to an https URL, or a path on this site such as "/terms/".',
            )


@register()
def check_terms_step(app_configs: Any, **_: Any) -> list[CheckMessage]:
    """Terms that rise are asked for again."""
    if [*unknown_keys("OSTIARY_ACCOUNTS", AccountsSettings)] or [
        *wrong_values("OSTIARY_ACCOUNTS", AccountsSettings)
    ]:
        return []  # said above; such settings are not read
    if not accounts_settings.TERMS_VERSION or terms.STEP in ostiary_settings.SIGNIN_STEPS:
        return []
    return [
        Warning(
            "OSTIARY_ACCOUNTS['TERMS_VERSION'] is only accepted at sign-up. Users with "
            "an account are never asked.",
            hint=f"Add {terms.STEP!r} to OSTIARY['SIGNIN_STEPS'].",
            id="ostiary_accounts.W004",
        )
    ]


def _is_safe(url: str) -> bool:
    parts = urlsplit(url)
    loopback = parts.hostname in ("localhost", "127.0.0.1", "::1")
    return url.endswith("/") and (
        (parts.scheme == "https" and bool(parts.hostname)) or (parts.scheme == "http" and loopback)
    )


@register()
def check_hashers(app_configs: Any, **_: Any) -> list[CheckMessage]:
    """New passwords are hashed by the bounded Argon2id, and no other hasher stands in its place."""
    hashers = get_hashers()
    path = f"{BoundedArgon2PasswordHasher.__module__}.{BoundedArgon2PasswordHasher.__qualname__}"
    if not isinstance(hashers[0], BoundedArgon2PasswordHasher):
        return [
            Warning(
                "Passwords aren't hashed with the bounded Argon2id hasher. Many sign-ins "
                "at once can exhaust the memory, and accented passwords can fail when "
                "typed on another keyboard.",
                hint=f"Put {path!r} first in PASSWORD_HASHERS.",
                id="ostiary_accounts.W001",
            )
        ]
    if any(hasher.algorithm == hashers[0].algorithm for hasher in hashers[1:]):
        return [
            Warning(
                "PASSWORD_HASHERS has a second hasher for Argon2. Django uses the last "
                "one, so the bounded hasher is never used.",
                hint=f"Only keep {path!r}. It reads the same hashes.",
                id="ostiary_accounts.W002",
            )
        ]
    return []


@register()
def check_password_length(app_configs: Any, **_: Any) -> list[CheckMessage]:
    """A password that is the only factor is long enough."""
    shortest = shortest_password()
    if shortest >= SHORTEST_PASSWORD:
        return []
    return [
        Warning(
            f"A password of {shortest} characters is accepted as the only factor.",
            hint="Add MinimumLengthValidator to AUTH_PASSWORD_VALIDATORS with the option "
            f'"min_length": {SHORTEST_PASSWORD}.',
            id="ostiary_accounts.W003",
        )
    ]


@register()
def check_user_model(app_configs: Any, **_: Any) -> list[CheckMessage]:
    """People can be sent mail."""
    user_model = get_user_model()
    name = user_model.get_email_field_name()
    try:
        user_model._meta.get_field(name)
    except FieldDoesNotExist:
        return [
            Error(
                f"{user_model.__name__} has no field {name!r}, so nobody can sign up or "
                "recover a password by email.",
                hint="Add one, or name the field that holds the email address in EMAIL_FIELD.",
                id="ostiary_accounts.E001",
            )
        ]
    return []
