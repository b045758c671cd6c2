"""What each mail of accounts may hold, for whoever wants to see it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from django.utils.functional import lazy

from ostiary.device import describe
from ostiary.message_samples import LINK

_CODE = "4930 2715"
_DEVICE = lazy(describe, str)("Firefox/130.0 Linux")  # in the language of the message
_DATE = "27 November 2026"

_SAMPLES: dict[str, Mapping[str, Any]] = {
    "verify": {"link": LINK, "code": _CODE},
    "account_exists": {"signin_link": LINK, "recover_link": LINK},
    "signin_code": {"link": LINK, "code": _CODE},
    "challenge_code": {"code": _CODE},
    "confirm_signin": {"code": _CODE, "device": _DEVICE, "where": "198.51.100.7"},
    "recover": {"link": LINK},
    "email_confirm": {"link": LINK},
    "email_changed": {"undo_link": LINK},
    "email_undone": {},
    "invitation": {
        "link": LINK,
        "name": "Kim",
        "message": "See you on Monday.",
        "expires_at": datetime(2026, 11, 27, tzinfo=UTC),
    },
    "factor_recovery_begin": {"link": LINK},
    "factor_recovery_waiting": {"link": LINK, "date": _DATE},
    "factor_recovery_finish": {"link": LINK},
    "support_waiting": {"date": _DATE, "resets_factors": True},
    "support_link": {"link": LINK, "is_new": True, "resets_factors": True},
}
SAMPLES = {f"ostiary_accounts/mail/{name}": context for name, context in _SAMPLES.items()}
