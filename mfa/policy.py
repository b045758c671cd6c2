"""Who has to have a second factor: nobody, everybody, the members of groups, and operators."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ostiary.operators import is_operator

from .conf import mfa_settings
from .models import GroupPolicy

Requirement = GroupPolicy.Requirement


@dataclass(frozen=True)
class Policy:
    """What is asked of a person, and how many days they have from when they are first asked."""

    requirement: Requirement
    grace_days: int = 0

    @property
    def is_required(self) -> bool:
        """Whether the person has to have a second factor."""
        return self.requirement is Requirement.REQUIRED

    @property
    def is_off(self) -> bool:
        """Whether the person can't set one up; those that they have are asked for all the same."""
        return self.requirement is Requirement.OFF


def policy_for(user: Any) -> Policy:
    """The strictest of what holds for everybody and for the person's groups.

    Operators have to have one at once, whatever the rest says (SECURITY G1).
    """
    if is_operator(user):
        return Policy(Requirement.REQUIRED)
    everybody = Policy(Requirement(mfa_settings.SECOND_FACTOR), mfa_settings.ENROLMENT_GRACE_DAYS)
    return strictest([everybody, *_of_groups(user)])


def strictest(policies: list[Policy]) -> Policy:
    """The most that is asked, and the shortest time that is given for that."""
    order = list(Requirement)
    return min(policies, key=lambda policy: (-order.index(policy.requirement), policy.grace_days))


def _of_groups(user: Any) -> list[Policy]:
    if not hasattr(user, "groups"):
        return []
    rows = GroupPolicy.objects.filter(group__in=user.groups.all())
    return [Policy(Requirement(row.requirement), row.grace_days) for row in rows]
