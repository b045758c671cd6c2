"""What is kept of a person's second steps, why and until when, in words for them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext as _

from ostiary.kept_data import KeptData, days, has

from .cleanup import TEXT_MESSAGES_DAYS
from .conf import mfa_settings
from .kinds import all_kinds
from .models import Phone, TextMessage, TrustedDevice


def own(user: Any) -> Iterable[KeptData]:
    """Of each kind that the person has."""
    if any(kind.devices(user) for kind in all_kinds()):
        yield KeptData(
            _("Your two-step verification methods"),
            _(
                "To keep out anyone who only has your password. Keys are encrypted, codes "
                "are hashed."
            ),
            _("Kept until you remove them."),
            "ostiary_mfa:factors",
        )
    if has(Phone, user):
        yield KeptData(
            _("Your phone number"),
            _("Only to send you codes."),
            _("Kept until you remove it."),
            "ostiary_mfa:factors",
        )
    if has(TextMessage, user):
        yield KeptData(
            _("Text messages sent to you"),
            _("To find out why one did not arrive. We store only the last digits of the number."),
            days(TEXT_MESSAGES_DAYS),
        )
    if has(TrustedDevice, user):
        yield KeptData(
            _("Your trusted devices"),
            _("So that you don’t need two-step verification on them each time."),
            days(mfa_settings.TRUSTED_DEVICE_DAYS),
            "ostiary_mfa:factors",
        )
