"""Setting up a second factor while a sign-in is pending, for who has to have one and has none.

The person stays anonymous meanwhile (SECURITY C7): the pages on which a factor is set up serve them
by the pending sign-in, and only after the factors that they have were asked for. So nobody gets
past a factor by setting up another.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone

from ostiary import factor_set_up, factors
from ostiary import signin as signins
from ostiary.assurance import Level, level_of
from ostiary.factor_set_up import SetUpStep
from ostiary.operators import is_operator
from ostiary.signin import PendingSignIn

from . import otp_session
from .models import EnrolmentGrace, FactorDevice
from .policy import Policy, policy_for

STEP = "second-step-set-up"


class EnrolmentStep(SetUpStep):
    """For ``OSTIARY["SIGNIN_STEPS"]``, after ``ostiary.second_step.SecondStep``."""

    name = STEP

    def is_required(self, request: HttpRequest, user: Any, pending: PendingSignIn) -> bool:
        """Whether the person has no second factor, and policy or the client wants one.

        For an operator, and for a client, a code by email is none: it makes no two factors.
        """
        if level_of(pending.amr) is not Level.AAL1:
            return False
        policy = policy_for(user)
        if is_operator(user) or (wants_two_factors(pending) and not policy.is_off):
            return not factors.has_strong(user)
        return policy.is_required and not factors.factors_of(user)  # last: it asks every kind

    def url(self, request: HttpRequest) -> str:
        """The page that says so."""
        return reverse("ostiary_mfa:enrol")

    def done(self, request: HttpRequest, amr: Iterable[str]) -> HttpResponse:
        """On with the sign-in; if this was its last step, by way of the recovery codes."""
        answer = super().done(request, amr)
        if not request.user.is_authenticated or not isinstance(answer, HttpResponseRedirect):
            return answer
        query = urlencode({"next": answer.url})
        response = HttpResponseRedirect(f"{reverse('ostiary_mfa:recovery_codes')}?{query}")
        response.cookies = answer.cookies
        return response


def wants_two_factors(pending: PendingSignIn) -> bool:
    """Whether the sign-in is asked to reach an ``acr`` that takes two factors, and the person has
    not declined just now to set up what it takes."""
    return bool(factor_set_up.wished_level(pending)) and not factor_set_up.was_put_off(pending)


def asked(request: HttpRequest) -> tuple[PendingSignIn, Any] | None:
    """The pending sign-in that waits for this step, and its person."""
    found = factor_set_up.asked(request)
    if found is None or not isinstance(found[2], EnrolmentStep):
        return None
    return found[:2]


def person(request: HttpRequest) -> Any:
    """Who sets up a factor in the pending sign-in of this browser, ``None`` for nobody."""
    found = asked(request)
    return found[1] if found else None


def begin(request: HttpRequest) -> Any:
    """The same, on a page that sets up a factor: by the end of the request there may be one."""
    request.ostiary_enrolment = True  # type: ignore[attr-defined]
    return person(request)


def is_begun(request: HttpRequest) -> bool:
    """Whether this request sets up a factor in a pending sign-in."""
    return getattr(request, "ostiary_enrolment", False)


def deadline(user: Any, policy: Policy) -> datetime | None:
    """Until when the person may put it off, ``None`` if no policy has them set one up.

    It is counted from the first time that they are asked.
    """
    if not policy.is_required:
        return None
    now = timezone.now()
    if not policy.grace_days:
        return now
    latest = now + timedelta(days=policy.grace_days)
    grace, _ = EnrolmentGrace.objects.get_or_create(user=user, defaults={"ends_at": latest})
    return min(grace.ends_at, latest)


def put_off(request: HttpRequest) -> HttpResponse:
    """Go on with the sign-in without a factor."""
    return signins.advance(request, STEP)


def done(request: HttpRequest, device: FactorDevice) -> HttpResponse:
    """The pending sign-in goes on, with the factor that was just shown."""
    otp_session.remember(request, device)
    return EnrolmentStep().done(request, [device.amr])
