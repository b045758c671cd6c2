"""What is kept of a person's second factors: told to them, and erased with them."""

from __future__ import annotations

from typing import Any

from .kinds import Keeper, all_kinds


def export(user: Any) -> dict[str, Any]:
    """Which second factors they have; never a key or a code."""
    return {
        "second_factors": [
            {
                "kind": kind.name,
                "name": device.name,
                "added_at": device.created_at.isoformat(),
                "last_used_at": device.last_used_at and device.last_used_at.isoformat(),
            }
            for kind in all_kinds()
            for device in kind.devices(user)
        ]
    }


def erase(user: Any) -> None:
    """Forget all of them."""
    Keeper().reset(user)
