"""The site's text messages of a day: who makes us send them to numbers that earn by it has an end.

The day is that of the site's time zone. Counted by atomic increments, in the storage of throttles.
"""

from __future__ import annotations

import math
from datetime import date
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import PermissionsMixin
from django.db import transaction
from django.utils import timezone

from ostiary import events, mail, outbox, throttling
from ostiary.notifications import addresses_of, language_of

from ..conf import mfa_settings

WARNED_AT = 0.8
KEPT_SECONDS = 2 * 24 * 3600


class BudgetSpent(Exception):
    """No more text messages go out today."""


def _what(day: date) -> str:
    return f"sms budget {day.isoformat()}"


def spent() -> int:
    """How many messages went out today."""
    return min(throttling.counted(_what(timezone.localdate()))[0], mfa_settings.SMS_DAILY_BUDGET)


def spend() -> None:
    """Count one more. Raises ``BudgetSpent``; call it outside ``transaction.atomic``."""
    day, budget = timezone.localdate(), mfa_settings.SMS_DAILY_BUDGET
    [number] = throttling.count(KEPT_SECONDS, _what(day))
    if number > budget:
        _tell("sms.budget_spent", day)
        raise BudgetSpent
    if number >= math.ceil(WARNED_AT * budget):
        _tell("sms.budget_warning", day)


def _tell(kind: str, day: date) -> None:
    outbox.enqueue("mfa.sms_budget", {"kind": kind}, key=f"{kind} {day.isoformat()}")


@outbox.handler("mfa.sms_budget")
def tell_operators(payload: dict[str, Any], key: str) -> None:
    """Note it in the log, and mail whoever may see the text messages in the admin."""
    kind = payload["kind"]
    told = {"spent": spent(), "budget": mfa_settings.SMS_DAILY_BUDGET}
    with transaction.atomic():
        events.record(kind, outcome="failure", details=told)
        for operator in _operators():
            for address in addresses_of(operator)[:1]:
                mail.send_email(
                    address,
                    f"ostiary_mfa/mail/{kind.replace('.', '_')}",
                    told,
                    key=f"{key} {operator.pk}",
                    language=language_of(operator),
                )


def _operators() -> Any:
    if not issubclass(get_user_model(), PermissionsMixin):
        return []
    return ModelBackend().with_perm("ostiary_mfa.view_textmessage")
