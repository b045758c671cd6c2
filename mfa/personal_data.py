"""What is kept of a person's second factors: told to them, and erased with them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from .kinds import all_kinds
from .models import (
    AuthenticatorApp,
    EnrolmentGrace,
    Phone,
    RemovedPhone,
    SentCode,
    TextMessage,
    TrustedDevice,
)

BATCH = 500


def export(user: Any) -> dict[str, Any]:
    """Which second factors they have, which devices they trust, and the messages that were sent;
    never a key or a code."""
    return {
        "second_factors": [
            {
                "kind": kind.name,
                "name": device.name,
                "added_at": device.created_at,
                "last_used_at": device.last_used_at,
                **_of_an_app(device),
            }
            for kind in all_kinds()
            for device in kind.devices(user)
        ],
        "telephones": [
            {
                "number": phone.number,
                "country": phone.country,
                "confirmed": phone.confirmed,
                "gets_codes_from": phone.usable_from,
            }
            for phone in Phone._default_manager.filter(user=user).order_by("pk")
        ],
        "removed_telephones": [
            {"removed_at": removed.removed_at} for removed in RemovedPhone.objects.filter(user=user)
        ],
        "text_messages": (
            {
                "sent_at": message.created_at,
                "country": message.country,
                "number_ends_in": message.ending,
                "state": message.state,
                "reason": message.reason,
            }
            for message in TextMessage.objects.filter(user=user).order_by("pk").iterator(BATCH)
        ),
        "trusted_devices": [
            {
                "browser": device.user_agent,
                "since": device.created_at,
                "last_used_at": device.last_used_at,
                "until": device.expires_at,
            }
            for device in TrustedDevice.objects.filter(user=user).order_by("created_at")
        ],
        "codes_sent": [
            {
                "channel": code.channel,
                "purpose": code.purpose,
                "made_at": code.created_at,
                "expires_at": code.expires_at,
            }
            for code in SentCode._default_manager.filter(user=user).order_by("created_at")
        ],
        "second_step_wanted": [
            {"until": grace.ends_at} for grace in EnrolmentGrace.objects.filter(user=user)
        ],
    }


def _of_an_app(device: Any) -> dict[str, Any]:
    """When the code was for that was used last, where codes are of a time."""
    if not isinstance(device, AuthenticatorApp) or device.last_t < 0:
        return {}
    return {"last_code_of": datetime.fromtimestamp(device.last_t * device.period, UTC)}


def erase(user: Any) -> dict[str, int]:
    """Forget all of them; returns how many rows of what. Of text messages it is kept how many went
    to which country."""
    models: list[Any] = [
        *(kind.model for kind in all_kinds()),
        TrustedDevice,
        SentCode,
        EnrolmentGrace,
        RemovedPhone,
    ]
    own = {model: model._default_manager.filter(user=user) for model in models}
    messages = TextMessage.objects.filter(user=user)
    return {
        **{model._meta.label: rows.delete()[0] for model, rows in own.items()},
        TextMessage._meta.label: messages.update(user=None, ending="", name_at_gateway=""),
    }


LABELS = {
    "second_factors": _("Two-step verification"),
    "telephones": _("Phone numbers"),
    "removed_telephones": _("Removed phone numbers"),
    "text_messages": _("Text messages"),
    "trusted_devices": _("Trusted devices"),
    "codes_sent": _("Codes sent to you"),
    "second_step_wanted": _("Two-step verification required from"),
    "added_at": _("Added"),
    "channel": _("Sent by"),
    "confirmed": _("Confirmed"),
    "gets_codes_from": _("Receives codes from"),
    "last_code_of": _("Last code used"),
    "last_used_at": _("Last used"),
    "number": _("Number"),
    "number_ends_in": _("Number ends in"),
    "removed_at": _("Removed"),
    "since": _("Since"),
    "until": _("Until"),
}
