"""What each message of mfa may hold, for whoever wants to see it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.utils.functional import lazy

from ostiary.device import describe

from .sms import sending

CODE = "493027"

_DEVICE = lazy(describe, str)("Firefox/130.0 Linux")  # in the language of the message

MAILS: dict[str, Mapping[str, Any]] = {
    "ostiary_mfa/mail/email_code": {"code": CODE, "device": _DEVICE},
    "ostiary_mfa/mail/sms_budget_warning": {"spent": 800, "budget": 1000},
    "ostiary_mfa/mail/sms_budget_spent": {"spent": 1001, "budget": 1000},
}


def _code() -> str:
    return sending.code_text(CODE)


TEXTS: dict[str, Callable[[], str]] = {"code_text": _code, "changed_text": sending.changed_text}
