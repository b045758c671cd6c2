"""Every email address by which something of a person may be found: theirs, those that were, and
those that somebody asked to make theirs. What is erased by address is erased by all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django.contrib.auth import get_user_model

from .email_addresses import has_address

Find = Callable[[Any], Iterable[str]]

_further: list[Find] = []


def register(find: Find) -> None:
    """Have ``find(user)`` asked for addresses other than the one in the person's row."""
    if find not in _further:
        _further.append(find)


def of(user: Any) -> list[str]:
    """Their present address first. One that is another person's by now is not among them."""
    field = user.get_email_field_name()
    present = getattr(user, field, "")
    others = get_user_model()._default_manager.exclude(pk=user.pk)
    further = dict.fromkeys(address for find in _further for address in find(user) if address)
    return [
        *([present] if present else []),
        *(
            address
            for address in further
            if address != present and not others.filter(has_address(field, [address])).exists()
        ),
    ]
