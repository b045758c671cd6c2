"""Keys of events about nobody that is known, such as a sign-in that failed: what somebody typed may
be a person's address. So each has a key of its own, found by that address and destroyed with the
person."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from . import privacy
from .email_addresses import canonical, spellings
from .models import EventKey


def make(event_id: UUID, address: str) -> bytes:
    """A key for what this event says of whoever typed the address (one INSERT)."""
    key = secrets.token_bytes(privacy.KEY_BYTES)
    EventKey(event_id=event_id, address=_digest(canonical(address)), key=key).save(
        force_insert=True
    )
    return key


def of(event_id: UUID) -> bytes | None:
    """The key of this event; ``None`` if it has none, or has none any more."""
    row = EventKey.objects.filter(pk=event_id).first()
    return bytes(row.key) if row else None


def destroy(addresses: Iterable[str]) -> int:
    """Nobody reads any more what was said of whoever typed one of these; returns how many."""
    return EventKey.objects.filter(address__in=digests(addresses)).delete()[0]


def digests(addresses: Iterable[str]) -> set[str]:
    """What these addresses are found by."""
    return {_digest(form) for address in addresses for form in spellings(address)}


def remove(event_ids: Iterable[Any]) -> None:
    """Delete the keys of events that are deleted."""
    EventKey.objects.filter(pk__in=list(event_ids)).delete()


def _digest(form: str) -> str:
    return privacy.digest("event", form)
