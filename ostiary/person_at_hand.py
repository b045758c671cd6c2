"""The person who was read together with their session, for Django to find without asking again.

Django's ``AuthenticationMiddleware`` asks the default manager of the user model for the person of a
session, and no request goes along. A manager that looks here first (and says so by
``takes_person_at_hand = True``) has the session's row and the person's come by one statement. All
of Django's own checks of the two stay as they are.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar
from typing import Any

from django.contrib.auth import get_user_model

_person: ContextVar[Any] = ContextVar("ostiary_person_at_hand", default=None)


def is_wanted() -> bool:
    """Whether the manager of the project's user model looks here."""
    return bool(getattr(get_user_model()._default_manager, "takes_person_at_hand", False))


@contextlib.contextmanager
def holding(person: Any) -> Iterator[None]:
    """Have this person, who was read just now, at hand until the block ends."""
    token = _person.set(person)
    try:
        yield
    finally:
        _person.reset(token)


def take(pk: Any) -> Any:
    """The person at hand if they are the one with this key, else ``None``."""
    person = _person.get()
    return person if person is not None and person.pk == pk else None
