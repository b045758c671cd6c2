"""What the end of a sign-in asks of a person, read in the statement that reads the person.

An app that would ask the database about everybody who signs in registers the condition instead; a
way in that reads the person by a statement of its own asks for all of them along with that. What it
was told holds for that request. Where nobody asked, ``told`` is ``None``, and the app looks itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db.models import OuterRef

KEPT = "ostiary_facts"
PREFIX = "ostiary_fact_"

Condition = Callable[[Any], Any]
"""Given an expression that is the person's key: a condition, such as ``Exists(…)``."""

_conditions: dict[str, Condition] = {}


def register(name: str, condition: Condition) -> None:
    """Have the fact ``name`` asked for. Called once, when an app is ready."""
    _conditions[name] = condition


def columns(person: str) -> dict[str, Any]:
    """The facts, for the ``annotate`` of a query in which ``person`` is the field of the key."""
    return {PREFIX + name: asked(OuterRef(person)) for name, asked in _conditions.items()}


def keep(user: Any, row: Any) -> None:
    """Note with the person what the row that was annotated says."""
    setattr(user, KEPT, {name: bool(getattr(row, PREFIX + name)) for name in _conditions})


def told(user: Any, name: str) -> bool | None:
    """Whether it is so; ``None`` where it was not asked for."""
    found: bool | None = getattr(user, KEPT, {}).get(name)
    return found
