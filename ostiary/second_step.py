"""The second step of a sign-in: whoever has a second factor shows one of those they have.

Apps that keep factors register a *challenge* for each way of showing one: a page of its own, which
ends in ``ostiary.signin.advance(request, SecondStep.name, amr=[...])``. Here is the one gate, so
that a sign-in passes it whichever app asked first (SECURITY H8)::

    register(Challenge("app", _("Authenticator app"), "ostiary_mfa:app", offered_to=has, order=20))
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from django.conf import settings
from django.http import HttpRequest
from django.shortcuts import resolve_url
from django.urls import reverse

from . import factors
from .assurance import Level, level_of
from .signin import PendingSignIn
from .signin import pending as pending_signin


@dataclass(frozen=True)
class Challenge:
    """A way to show a second factor: what its link says, where its page is, and who can use it.

    The least ``order`` stands first and is what people are asked for; strong ones have low ones.
    It is not offered beside one of those that it ``yields_to``: a weak way would make a strong one
    as weak as itself.
    """

    name: str
    label: Any
    url_name: str
    offered_to: Callable[[HttpRequest, Any], bool]
    order: int = 50
    yields_to: frozenset[str] = frozenset()


View = TypeVar("View", bound=Callable[..., Any])
Waiver = Callable[[HttpRequest, Any, PendingSignIn], bool]
"""Whether this sign-in of the person may go without the second step, such as on a device that they
trust: ``(request, user, pending)``."""

_challenges: dict[str, Challenge] = {}
_waivers: dict[str, Waiver] = {}


def register(challenge: Challenge) -> None:
    """Have a way offered. Called once, when an app is ready."""
    _challenges[challenge.name] = challenge


def register_waiver(name: str, waiver: Waiver) -> None:
    """Have ``waiver`` asked before the step is. Called once, when an app is ready."""
    _waivers[name] = waiver


def offered(request: HttpRequest, user: Any) -> list[Challenge]:
    """The ways that the person can use, the first one first."""
    ways = [way for way in _challenges.values() if way.offered_to(request, user)]
    names = {way.name for way in ways}
    ways = [way for way in ways if not way.yields_to & names]
    return sorted(ways, key=lambda way: (way.order, way.name))


def other_ways(request: HttpRequest, user: Any, but: str) -> list[tuple[str, Any]]:
    """Address and label of each way beside that named ``but``, for the links of its page, and at
    last the way back in for who can use none, where an app brings it."""
    ways = (way for way in offered(request, user) if way.name != but)
    return [*((reverse(way.url_name), way.label) for way in ways), *factors.last_resort()]


def exempt(view: View) -> View:
    """View decorator: a page that is there for who is signed in by one factor and has yet to show
    another, where a project signs people in by a view of its own: a page that takes it, the way
    back in, a sign-out. Each app marks its own, and the project those of its own."""
    view.is_second_step_exempt = True  # type: ignore[attr-defined]
    return view


def is_exempt(view: Callable[..., Any]) -> bool:
    """Whether the view is marked so."""
    return getattr(view, "is_second_step_exempt", False)


class SecondStep:
    """For ``OSTIARY["SIGNIN_STEPS"]``, before the steps that ask for less."""

    name = "second-step"

    def is_required(self, request: HttpRequest, user: Any, pending: PendingSignIn) -> bool:
        """Whether the person has a second factor, and what was shown so far is one factor only.

        A factor that can't be used just now, such as by text message while none are sent, does not
        open the door: the person is led to the way back in.
        """
        return (
            level_of(pending.amr) is Level.AAL1
            and bool(factors.factors_of(user))
            and not any(waiver(request, user, pending) for waiver in _waivers.values())
        )

    def url(self, request: HttpRequest) -> str:
        """The page of the first way, or the way back in for who can use none."""
        found = pending_signin(request)
        ways = other_ways(request, found[1], but="") if found else []
        return ways[0][0] if ways else resolve_url(settings.LOGIN_URL)
