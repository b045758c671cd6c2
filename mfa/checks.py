"""System checks of mfa."""

from __future__ import annotations

from typing import Any

from django.core.checks import CheckMessage, Error, register

from ostiary.typed_settings import unknown_keys, wrong_values

from .conf import MfaSettings, mfa_settings
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
