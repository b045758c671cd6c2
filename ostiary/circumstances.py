"""What is known about a sign-in, for the rules of risk: each fact is looked up when first asked."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.http import HttpRequest

from . import events, known_device, places, throttling
from .client_address import client_ip
from .models import Session

EARLIER_SESSIONS = 20
"""So many of the person's newest sessions are looked at."""


@dataclass(frozen=True)
class _Fields:
    request: HttpRequest
    user: Any
    signals: frozenset[str]
    amr: tuple[str, ...] = ()


class Circumstances(_Fields):
    """One sign-in: who, from where, and what there was before it."""

    @cached_property
    def is_known_device(self) -> bool:
        """Whether the person has signed in with this browser before."""
        return bool(known_device.name_for(self.request, str(self.user.get_username())))

    @cached_property
    def has_signed_in_before(self) -> bool:
        """Whether there is anything to compare with: a sign-in in the security log."""
        return self.is_known_device or has_signed_in_before(self.user)

    @cached_property
    def place(self) -> places.Place | None:
        """Where the address is; ``None`` where nobody knows."""
        return places.place_of(client_ip(self.request))

    @cached_property
    def earlier_sessions(self) -> list[Session]:
        """The person's newest sessions, live or ended, newest first."""
        return list(
            Session.objects.filter(user=self.user, ip_address__isnull=False).order_by(
                "-last_seen_at"
            )[:EARLIER_SESSIONS]
        )

    @cached_property
    def throttle_pressure(self) -> float:
        """How much of the tries for the account are used up by others: 0 none, 1 all."""
        return throttling.pressure("signin", str(self.user.get_username()))


def has_signed_in_before(user: Any) -> bool:
    """Whether the security log has a sign-in of the person (one statement)."""
    return events.of(user).filter(kind="signin.succeeded").exists()
