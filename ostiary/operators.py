"""Who looks after the site."""

from __future__ import annotations

from typing import Any


def is_operator(user: Any) -> bool:
    """Whether the person does: of them more is asked than of others (SECURITY G1)."""
    return bool(getattr(user, "is_staff", False) or getattr(user, "is_superuser", False))
