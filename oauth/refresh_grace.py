"""Grace for a refresh whose answer was lost: the *same* answer once more, for some seconds.

Off unless ``REFRESH_GRACE_SECONDS`` says otherwise, or for public clients
``PUBLIC_REFRESH_GRACE_SECONDS``. The answer to a refresh is then kept,
encrypted, beside the successor that it made, and given again to who presents the replaced token in
time with the same key. There is never a second branch: whoever is late, or has another key, ends
the family as every reuse does (SECURITY B2, H2).
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.utils import timezone

from ostiary.encryption import DecryptionFailed

from .conf import oauth_settings
from .confirmation import Confirmation
from .models import Client, RefreshToken
from .models.grant import token_hash

LONGEST_SECONDS = 60
"""What either setting may be at most: a lost answer is asked for again at once."""


@dataclass(frozen=True, repr=False)
class Kept:
    """The answer to a refresh, what it was asked for with, and the key that asked."""

    answer: dict[str, Any]
    asked: list[str]
    confirmation: Confirmation


def seconds_of(client: Client) -> int:
    """For how long this site grants it to the client's refreshes; 0 for never."""
    if client.is_public:
        return max(
            oauth_settings.REFRESH_GRACE_SECONDS, oauth_settings.PUBLIC_REFRESH_GRACE_SECONDS
        )
    return oauth_settings.REFRESH_GRACE_SECONDS


def kept(row: RefreshToken, token: str, what: Kept) -> dict[str, Any]:
    """The columns of ``row`` that keep the answer which replaces ``token``."""
    text = json.dumps([what.answer, what.asked, dict(what.confirmation)])
    until = timezone.now() + timedelta(seconds=seconds_of(row.grant.application))
    return {
        "replaced_checksum": token_hash(token),
        "replay_until": until,
        "replay": RefreshToken._meta.get_field("replay").seal(text, row),
    }


def find(row: RefreshToken, token: str, shown: Confirmation) -> Kept | None:
    """What was answered for ``token``, if it may be said again to the holder of this key."""
    if not seconds_of(row.grant.application) or row.replay_until is None:
        return None
    if timezone.now() >= row.replay_until:
        return None
    if not hmac.compare_digest(token_hash(token), row.replaced_checksum):
        return None
    try:
        found = Kept(*json.loads(row.replay))
    except DecryptionFailed:
        return None  # its key has been taken out of the ring
    return found if found.confirmation == dict(shown) else None


def emptied() -> Mapping[str, Any]:
    """The columns of a row that keeps no answer."""
    return {"replaced_checksum": "", "replay_until": None, "replay": None}
