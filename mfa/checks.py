"""System checks of mfa."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.core.checks import CheckMessage, Error, register
from django.utils.module_loading import import_string
from django_otp.middleware import OTPMiddleware

from ostiary.conf import ostiary_settings
from ostiary.second_step import SecondStep
from ostiary.sessions import SessionRegisterMiddleware
from ostiary.typed_settings import unknown_keys, wrong_values

from .conf import MfaSettings, mfa_settings
from .middleware import SecondStepMiddleware, VerifiedSessionMiddleware
from .policy import Requirement


@register()
def check_settings(app_configs: Any, **_: Any) -> list[CheckMessage]:
    """OSTIARY_MFA holds known keys of the right types."""
    name = "OSTIARY_MFA"
    problems = [*unknown_keys(name, MfaSettings), *wrong_values(name, MfaSettings)]
    if not problems and mfa_settings.SECOND_FACTOR not in Requirement.values:
        known = ", ".join(Requirement.values)
        problems = [
            f"{name}['SECOND_FACTOR'] is {mfa_settings.SECOND_FACTOR!r}. Write one of {known}."
        ]
    return [Error(problem, id="ostiary_mfa.E001") for problem in problems]


@register()
def check_middleware(app_configs: Any, **_: Any) -> list[CheckMessage]:
    """Who has a second factor is asked for it, whichever way they sign in."""
    return [*_otp_middleware(), *_second_step()]


def _otp_middleware() -> Iterator[CheckMessage]:
    after = [AuthenticationMiddleware, SessionRegisterMiddleware]
    otp, others = _position(OTPMiddleware), [_position(one) for one in after]
    if otp is None or any(other is not None and other > otp for other in others):
        yield Error(
            "VerifiedSessionMiddleware is missing or placed above a middleware it needs.",
            hint=f"Put {_path(VerifiedSessionMiddleware)!r} into MIDDLEWARE, below Django's "
            "AuthenticationMiddleware and SessionRegisterMiddleware.",
            id="ostiary_mfa.E002",
        )


def _second_step() -> Iterator[CheckMessage]:
    steps = [_imported(path) for path in ostiary_settings.SIGNIN_STEPS]
    in_signin = SecondStep in steps
    after_login = _position(SecondStepMiddleware)
    if not in_signin and after_login is None:
        path = _path(SecondStepMiddleware)
        yield Error(
            "Users are never asked for their second factor.",
            hint="Put 'ostiary.second_step.SecondStep' into OSTIARY['SIGNIN_STEPS'] if people "
            f"sign in by ostiary.accounts, or {path!r} into MIDDLEWARE if they sign in by "
            "Django's LoginView.",
            id="ostiary_mfa.E003",
        )
    otp = _position(OTPMiddleware)
    if after_login is not None and otp is not None and after_login < otp:
        yield Error(
            "SecondStepMiddleware is placed above VerifiedSessionMiddleware, which it needs.",
            hint="Put it below.",
            id="ostiary_mfa.E004",
        )


def _path(middleware: type) -> str:
    return f"{middleware.__module__}.{middleware.__qualname__}"


def _position(wanted: type) -> int | None:
    for position, path in enumerate(settings.MIDDLEWARE):
        found = _imported(path)
        if isinstance(found, type) and issubclass(found, wanted):
            return position
    return None


def _imported(path: str) -> Any:
    try:
        return import_string(path)
    except ImportError:
        return None  # said by others
