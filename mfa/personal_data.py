"""What is kept of a person's second factors: told to them, and erased with them."""

from __future__ import annotations

from typing import Any

from .kinds import all_kinds
from .models import EnrolmentGrace, Phone, SentCode, TextMessage, TrustedDevice


def export(user: Any) -> dict[str, Any]:
    """Which second factors they have, which devices they trust, and the messages that were sent;
    never a key or a code."""
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
        "trusted_devices": [
            {
                "browser": device.user_agent,
                "since": device.created_at.isoformat(),
                "until": device.expires_at.isoformat(),
            }
            for device in TrustedDevice.objects.filter(user=user).order_by("created_at")
        ],
    }


def erase(user: Any) -> dict[str, int]:
    """Forget all of them; returns how many rows of what. Of text messages it is kept how many went
    to which country."""
    models: list[Any] = [
        *(kind.model for kind in all_kinds()),
        TrustedDevice,
        SentCode,
        EnrolmentGrace,
    ]
    own = {model: model._default_manager.filter(user=user) for model in models}
    messages = TextMessage.objects.filter(user=user)
    return {
        **{model._meta.label: rows.delete()[0] for model, rows in own.items()},
        TextMessage._meta.label: messages.update(user=None, ending="", name_at_gateway=""),
    }
