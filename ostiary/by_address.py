"""Whom operators and commands mean by an address, on any user model."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model


class NotOne(Exception):
    """Nobody has the address, or several people have."""


def person_of(address: str) -> Any:
    """The person of this address, in any case. Raises ``NotOne``."""
    model = get_user_model()
    wanted = {f"{model.get_email_field_name()}__iexact": address}
    found = list(model._default_manager.filter(**wanted)[:2])
    if len(found) != 1:
        raise NotOne("Several people have this address." if found else "Nobody has it.")
    return found[0]
