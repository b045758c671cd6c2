"""What an event of a mail provider says of an address: for good, or not.

Anymail gives events one shape, in which a full mailbox is a bounce too. Whether there is no such
mailbox stands in what the provider itself has said, which is looked up here, provider by provider.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .models import SentMail

Report = SentMail.Report

SOFT = frozenset(
    {
        "soft_bounce",  # Brevo, Mandrill: "event"
        "SoftBounce",  # Postmark: "Type"
        "activity.soft_bounced",  # MailerSend: "type"
        "soft_bounced",
        "blocked",  # SendGrid: "type" of a bounce
        "Transient",  # Amazon SES and Resend: the bounce's type
        "Undetermined",
    }
)
NO_RECIPIENT = frozenset({"10", "30"})
"""SparkPost's classes of bounces that mean that there is no such mailbox."""


def report_of(event: Any) -> str:
    """What it means for the message; ``""`` for what changes nothing, such as a delay."""
    reason = event.reject_reason
    if event.event_type == "delivered":
        return Report.DELIVERED.value
    if event.event_type == "complained":
        return Report.COMPLAINED.value
    if event.event_type == "bounced":
        return Report.BOUNCED.value if is_hard(event.esp_event) else ""
    if event.event_type == "rejected" and reason in ("bounced", "invalid"):
        # The provider doesn't even try any more: it knows the address from before.
        return Report.BOUNCED.value
    if event.event_type == "rejected" and reason == "spam":
        return Report.COMPLAINED.value
    if event.event_type == "failed" and _value(event.esp_event, "payload", "status") == "HardFail":
        return Report.BOUNCED.value  # Postal
    return ""


def is_hard(said: Any) -> bool:
    """Whether a bounce is for good, by the provider's own words; they are not always JSON."""
    if not isinstance(said, Mapping):
        return True
    words = (
        *(_value(said, name) for name in ("event", "Type", "type")),
        _value(said, "data", "type"),
        _value(said, "bounce", "bounceType"),
        _value(said, "data", "bounce", "type"),
    )
    if any(word in SOFT for word in words):
        return False
    if _value(said, "hard_bounce") is False:  # Mailjet
        return False
    found = _value(said, "bounce_class")  # SparkPost
    return not found or str(found) in NO_RECIPIENT


def _value(said: Any, *path: str) -> Any:
    """What stands there, if it is a word, a number or a truth."""
    for name in path:
        said = said.get(name) if isinstance(said, Mapping) else None
    return said if isinstance(said, str | int | bool) else None
