"""System checks of accounts."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import get_hashers
from django.contrib.auth.password_validation import (
    MinimumLengthValidator,
    get_default_password_validators,
)
from django.core.checks import CheckMessage, Error, Warning, register
from django.core.exceptions import FieldDoesNotExist

from .hashing import BoundedArgon2PasswordHasher

SHORTEST_PASSWORD = 15
"""Without a second factor (NIST SP 800-63B-4 §3.1.1.2)."""


@register()
def check_hashers(app_configs: Any, **_: Any) -> list[CheckMessage]:
    """New passwords are hashed by the bounded Argon2id, and no other hasher stands in its place."""
    hashers = get_hashers()
    path = f"{BoundedArgon2PasswordHasher.__module__}.{BoundedArgon2PasswordHasher.__qualname__}"
    if not isinstance(hashers[0], BoundedArgon2PasswordHasher):
        return [
            Warning(
                "Passwords are not hashed by the bounded Argon2id, so that many sign-ins at once "
                "may use up the memory.",
                hint=f"Put {path!r} first in PASSWORD_HASHERS.",
                id="ostiary_accounts.W001",
            )
        ]
    if any(hasher.algorithm == hashers[0].algorithm for hasher in hashers[1:]):
        return [
            Warning(
                "PASSWORD_HASHERS has a second hasher for Argon2, and Django checks passwords by "
                "the last: the bounded one is never asked.",
                hint=f"Keep {path!r} only: it reads the same hashes.",
                id="ostiary_accounts.W002",
            )
        ]
    return []


@register()
def check_password_length(app_configs: Any, **_: Any) -> list[CheckMessage]:
    """A password that is the only factor is long enough."""
    shortest = max(
        (
            validator.min_length
            for validator in get_default_password_validators()
            if isinstance(validator, MinimumLengthValidator)
        ),
        default=0,
    )
    if shortest >= SHORTEST_PASSWORD:
        return []
    return [
        Warning(
            f"A password of {shortest or 1} characters is accepted as the only factor.",
            hint="Put MinimumLengthValidator into AUTH_PASSWORD_VALIDATORS with the option "
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
                f"{user_model.__name__} has no field {name!r}, so that nobody can sign up or "
                "recover a password by mail.",
                hint="Add one, or name the field that holds the address in EMAIL_FIELD.",
                id="ostiary_accounts.E001",
            )
        ]
    return []
