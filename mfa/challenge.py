"""Being asked for a second factor, wherever that is: in a pending sign-in of ours, or after
Django's own ``LoginView``.

The page of each way is a ``challenge_page``: it is given the person who is asked, and ends in
``passed``. So it need not know which of the two it serves.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import resolve_url
from django.views.decorators.debug import sensitive_variables
from django_otp.models import Device

from ostiary import events, factors, second_step
from ostiary import signin as signins
from ostiary.assurance import Level, level_of
from ostiary.assurance import current as current_assurance
from ostiary.pages import signin_page
from ostiary.second_step import SecondStep

from . import otp_session, trusted_devices
from .conf import mfa_settings
from .kinds import all_kinds

ChallengeView = Callable[[HttpRequest, Any], HttpResponse]


def challenge_page(name: str) -> Callable[[ChallengeView], Callable[..., HttpResponse]]:
    """View decorator: the page of the way ``name`` to show a second factor.

    It is there for who is asked for one and can use this way; others are sent where they belong.
    No report of an error tells what it works with.
    """

    def decorate(view: ChallengeView) -> Callable[..., HttpResponse]:
        @signin_page
        @sensitive_variables()
        @functools.wraps(view)
        def answer(request: HttpRequest) -> HttpResponse:
            user = asked(request)
            if user is None:
                return signins.go_on(request)
            ways = second_step.offered(request, user)
            if name not in (way.name for way in ways):
                return HttpResponseRedirect(SecondStep().url(request))
            return view(request, user)

        return second_step.exempt(answer)

    return decorate


def asked(request: HttpRequest) -> Any:
    """The person who is asked for a second factor in this browser now, ``None`` for nobody."""
    found = signins.pending(request)
    if found is not None:
        progress, user = found
        is_due = SecondStep.name not in progress.passed
        return user if is_due and SecondStep().is_required(request, user, progress) else None
    return request.user if is_unverified(request) else None


def is_unverified(request: HttpRequest) -> bool:
    """Whether someone is signed in by one factor who has a second.

    Ours is asked for before; this is how Django's ``LoginView`` and its like leave a session.
    """
    user: Any = request.user
    if not user.is_authenticated or user.is_verified():
        return False
    known = current_assurance(request)
    level = level_of(known.amr) if known else Level.AAL1
    return level is Level.AAL1 and bool(factors.factors_of(user))


def passed(request: HttpRequest, device: Device, kind: str) -> HttpResponse:
    """The person has shown ``device``, of the kind ``kind``: on with the sign-in."""
    user = asked(request)
    events.record("factor.used", user=user, request=request, details={"factor": kind})
    if signins.pending(request) is not None:
        trusts = "trust" in request.POST and _trust_days(request, user, kind) > 0
        otp_session.remember(request, device)
        response = signins.advance(request, SecondStep.name, amr=[device.amr])
        if trusts:
            trusted_devices.trust(request, response, user)
        return response
    otp_session.verify(request, device)
    wanted = signins.safe_next_url(request, request.GET.get("next"))
    return HttpResponseRedirect(wanted or resolve_url(settings.LOGIN_REDIRECT_URL))


def told(request: HttpRequest, user: Any, name: str) -> dict[str, Any]:
    """What the template of the way ``name`` needs beside its form."""
    return {
        "other_ways": second_step.other_ways(request, user, but=name),
        "trust_days": _trust_days(request, user, name),
    }


def _trust_days(request: HttpRequest, user: Any, name: str) -> int:
    """For how many days the person may trust this browser, by a factor of the kind ``name``: 0 not
    at all, as in proving anew who is signed in already."""
    by_a_strong_one = any(kind.name == name and kind.alone and kind.raises for kind in all_kinds())
    is_offered = (
        by_a_strong_one
        and signins.pending(request) is not None
        and not request.user.is_authenticated
        and trusted_devices.is_offered(user)
    )
    return mfa_settings.TRUSTED_DEVICE_DAYS if is_offered else 0


def failed(request: HttpRequest, user: Any, kind: str) -> None:
    """Log that a code was wrong."""
    events.record(
        "factor.failed", user=user, request=request, outcome="failure", details={"factor": kind}
    )
