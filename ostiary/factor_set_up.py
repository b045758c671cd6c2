"""Setting up a second factor while a sign-in is pending, for who has to have one and has none.

An app that has people set one up names a ``SetUpStep`` in ``OSTIARY["SIGNIN_STEPS"]``; its page
lists ``factors.ways_to_set_up``. The page of each way, whichever app brings it, asks ``asked``
whom it serves and ends in ``done`` of that step.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.http import HttpRequest, HttpResponse

from . import signin as signins
from .assurance import Level, level_of, parse_acr
from .signin import PendingSignIn


class SetUpStep:
    """The base of such steps. They come after ``ostiary.second_step.SecondStep``, so that nobody
    gets past a factor that they have by setting up another."""

    name: str

    def is_required(self, request: HttpRequest, user: Any, pending: PendingSignIn) -> bool:
        """Whether this person, in this sign-in, has to set one up."""
        raise NotImplementedError

    def url(self, request: HttpRequest) -> str:
        """The page that says so."""
        raise NotImplementedError

    def done(self, request: HttpRequest, amr: Iterable[str]) -> HttpResponse:
        """The factor is set up, and proved ``amr`` by that: on with the sign-in."""
        return signins.advance(request, self.name, amr=amr)


def asked(request: HttpRequest) -> tuple[PendingSignIn, Any, SetUpStep] | None:
    """The pending sign-in of this browser that waits for such a step, its person and the step.

    While a step before it is due, such as showing a factor that the person has, it doesn't.
    """
    found = signins.pending(request)
    if found is None:
        return None
    progress, user = found
    for step in signins.steps():
        if step.name not in progress.passed and step.is_required(request, user, progress):
            return (progress, user, step) if isinstance(step, SetUpStep) else None
    return None


def was_put_off(pending: PendingSignIn) -> bool:
    """Whether the person has gone past such a step in this sign-in: no second one asks them to do
    what an application only wishes for."""
    return any(step.name in pending.passed for step in _set_up_steps())


def is_only_one(step: str) -> bool:
    """Whether no other step of this site than ``step`` has people set up a factor."""
    return all(each.name == step for each in _set_up_steps())


def wished_level(pending: PendingSignIn) -> Level | None:
    """The level that the sign-in is asked to reach; ``None`` if nothing is asked that we know, or
    it is reached.

    ``acr_values`` are in order of preference (OIDC Core §3.1.2.1), and what a client is registered
    to need stands last: the last of them is the least that will do.
    """
    levels = [level for level in map(parse_acr, pending.acr_values) if level is not None]
    return levels[-1] if levels and not level_of(pending.amr).satisfies(levels[-1]) else None


def _set_up_steps() -> list[SetUpStep]:
    return [step for step in signins.steps() if isinstance(step, SetUpStep)]
