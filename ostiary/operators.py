"""Who looks after the site, and what it takes to act on the accounts of others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .conf import ostiary_settings

_required: list[Callable[[], int]] = []


def is_operator(user: Any) -> bool:
    """Whether the person does: of them more is asked than of others (SECURITY G1)."""
    return bool(getattr(user, "is_staff", False) or getattr(user, "is_superuser", False))


def may_act_on(operator: Any, person: Any, permission: str) -> bool:
    """Whether the operator may give this person back their account, or take its factors.

    Nobody for themselves, and for another operator only a superuser: else whoever may help could
    become anybody.
    """
    return bool(
        operator is not None
        and operator.is_active
        and getattr(operator, "is_staff", False)
        and operator.pk != person.pk
        and (getattr(operator, "is_superuser", False) or not is_operator(person))
        and operator.has_perm(permission)
    )


def register_required(ask: Callable[[], int]) -> None:
    """Have ``ask`` say how many operators an app's own setting wants; the strictest counts."""
    _required.append(ask)


def takes_two() -> bool:
    """Whether a second operator has to approve what the first one asked for."""
    return max(ostiary_settings.SUPPORT_RECOVERY_OPERATORS, *(ask() for ask in _required), 1) > 1
