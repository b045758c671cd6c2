"""Operators remove the second factors of a person who has lost them (SECURITY D4)."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from ostiary import events, factors, privacy, sessions
from ostiary.notifications import notify
from ostiary.operators import is_operator

PERMISSION = "ostiary_mfa.reset_factors"


def may_reset(operator: Any, person: Any) -> bool:
    """Whether the operator may do it for this person: nobody for themselves, and for another
    operator only a superuser."""
    return bool(
        operator.has_perm(PERMISSION)
        and operator.pk != person.pk
        and (operator.is_superuser or not is_operator(person))
    )


def reset(operator: Any, person: Any, reason: str) -> list[str]:
    """Remove every second factor of the person, whichever app keeps it, and end their sessions;
    returns what they had. They are told, with the reason, which the log keeps too."""
    with transaction.atomic():
        lost = factors.reset(person)
        if not lost:
            return []
        sessions.end_all(person, "factor_reset")
        events.record(
            "factor.reset",
            user=person,
            details={"operator": privacy.pseudonym_of(operator)},
            personal={"factors": lost, "reason": reason},
        )
        notify(person, "factor_reset", {"factor": ", ".join(lost), "reason": reason})
    return lost
