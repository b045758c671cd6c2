"""What is kept of a person's second factors: told to them, and erased with them."""

from __future__ import annotations

from typing import Any

from .kinds import Keeper, all_kinds
from .models import Phone, SentCode, TextMessage


def export(user: Any) -> dict[str, Any]:
    """Which second factors they have, and the messages that were sent; never a key or a code."""
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
        ],
        "telephones": [
            {"number": phone.number, "gets_codes_from": phone.usable_from.isoformat()}
            for phone in Phone._default_manager.filter(user=user, confirmed=True).order_by("pk")
        ],
        "text_messages": [
            {
                "sent_at": message.created_at.isoformat(),
                "country": message.country,
                "state": message.state,
            }
            for message in TextMessage.objects.filter(user=user).order_by("pk")
        ],
    }


def erase(user: Any) -> None:
    """Forget all of them. Of text messages it is kept how many went to which country."""
    Keeper().reset(user)
    SentCode.objects.filter(user=user).delete()
    TextMessage.objects.filter(user=user).update(user=None, ending="", name_at_gateway="")
