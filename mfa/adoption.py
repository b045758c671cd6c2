"""How many people have which second factor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib.auth import get_user_model

from .kinds import all_kinds


@dataclass(frozen=True)
class Adoption:
    """How many people have a factor of a kind, and which share of all that is, in per cent."""

    label: Any
    people: int
    share: float


def adoption() -> tuple[int, list[Adoption]]:
    """How many people there are who may sign in, and of these for each kind who has one."""
    active = get_user_model()._default_manager.filter(is_active=True)
    everybody = active.count()
    rows = []
    for kind in all_kinds():
        having = kind.model._default_manager.filter(confirmed=True).values("user")
        people = active.filter(pk__in=having).count()
        share = round(100 * people / everybody, 1) if everybody else 0.0
        rows.append(Adoption(kind.label, people, share))
    return everybody, rows
