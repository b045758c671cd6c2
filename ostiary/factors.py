"""Second factors, whoever keeps them: how the apps of the house learn of each other's.

An app that keeps second factors registers a *keeper* in its ``AppConfig.ready``. So the way back in
for people who lost theirs needs to know none of those apps.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol

from django.http import HttpRequest
from django.urls import reverse


@dataclass(frozen=True)
class Factor:
    """One that an operator can remove: ``key`` is known to its keeper alone, ``kind`` says what it
    is, ``name`` what the person calls it, and ``event`` how the log tells its end."""

    key: str
    kind: str
    name: str = ""
    added: datetime | None = None
    last_used: datetime | None = None
    event: str = "factor.reset"

    def __str__(self) -> str:
        return f"{self.kind}: {self.name}" if self.name else self.kind


class FactorKeeper(Protocol):
    """What an app says of the second factors that it keeps.

    One whose factors can be removed one by one also has ``each_of(user)``, which lists every
    ``Factor``, and ``take(user, key)``, which removes one in the caller's transaction.
    """

    def factors_of(self, user: Any) -> list[str]:
        """The factors that the person must show one of, each named in words they know."""

    def has_strong(self, user: Any) -> bool:
        """Whether one of those makes two factors of a sign-in (AAL2)."""

    def reset(self, user: Any) -> None:
        """Remove all of those for good, in the caller's transaction."""


Offered = Callable[[HttpRequest, Any], bool]
"""Whether a way is there for a person: ``(request, user)``."""


def _always(request: HttpRequest, user: Any) -> bool:
    return True


_keepers: dict[str, FactorKeeper] = {}
_other_ways: dict[str, Any] = {}
_last_resort: dict[str, Any] = {}
_set_up: dict[str, tuple[int, Any, Offered]] = {}


def register_keeper(name: str, keeper: FactorKeeper) -> None:
    """Have ``keeper`` asked for the factors of an app, by whose label it goes."""
    _keepers[name] = keeper


def register_other_way(view: str, label: Any) -> None:
    """Offer the page ``view`` to who can't use their second factor, such as for recovery codes."""
    _other_ways[view] = label


def register_last_resort(view: str, label: Any) -> None:
    """Offer the page ``view`` to who can use none of their second factors, after all others."""
    _last_resort[view] = label


def register_set_up(view: str, label: Any, order: int = 50, offered_to: Offered = _always) -> None:
    """Offer the page ``view`` to who has to set up a second factor, the lowest ``order`` first."""
    _set_up[view] = (order, label, offered_to)


def are_kept() -> bool:
    """Whether this site has second factors at all."""
    return bool(_keepers)


def factors_of(user: Any) -> list[str]:
    """The second factors that the person has."""
    return [factor for keeper in _keepers.values() for factor in keeper.factors_of(user)]


def has_strong(user: Any) -> bool:
    """Whether the person has a second factor that makes two of a sign-in (AAL2)."""
    return any(keeper.has_strong(user) for keeper in _keepers.values())


def each_of(user: Any) -> list[Factor]:
    """Every factor of the person that can be removed by itself, whichever app keeps it; each
    ``key`` is one for the whole site."""
    return [
        replace(factor, key=f"{name}:{factor.key}")
        for name, keeper in _keepers.items()
        if hasattr(keeper, "each_of")
        for factor in keeper.each_of(user)
    ]


def take(user: Any, factor: Factor) -> bool:
    """Remove this one, in the caller's transaction; ``False`` if it was gone already.

    With the last factor goes what is of no use without one, such as recovery codes.
    """
    name, _, key = factor.key.partition(":")
    keeper: Any = _keepers[name]
    if not keeper.take(user, key):
        return False
    if not factors_of(user):
        reset(user)
    return True


def reset(user: Any) -> list[str]:
    """Remove the person's second factors, in the caller's transaction; returns which there were."""
    lost = factors_of(user)
    for keeper in _keepers.values():
        keeper.reset(user)
    return lost


def other_ways() -> list[tuple[str, Any]]:
    """The addresses and labels of the pages that are quicker than waiting."""
    return _links(_other_ways)


def last_resort() -> list[tuple[str, Any]]:
    """The address and label of the page for who has no way left, if an app brings one."""
    return _links(_last_resort)


def ways_to_set_up(request: HttpRequest, user: Any) -> list[tuple[str, Any]]:
    """The addresses and labels of the pages on which the person can set up a second factor, the
    best first."""
    in_order = sorted(_set_up.items(), key=lambda entry: (entry[1][0], entry[0]))
    offered = {view: label for view, (_, label, to) in in_order if to(request, user)}
    return _links(offered)


def _links(views: dict[str, Any]) -> list[tuple[str, Any]]:
    return [(reverse(view), label) for view, label in views.items()]
