"""Who may change second factors: whoever has just shown the best they have (SECURITY C8, D4)."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.debug import sensitive_variables

from ostiary import factors
from ostiary.assurance import Level, step_up
from ostiary.pages import form_page

from . import enrolment, otp_session
from .models import FactorDevice
from .policy import policy_for

View = Callable[..., HttpResponse]


def change_of_factors(view: View) -> View:
    """View decorator: a form page for the signed-in person, who has shown two factors within
    ``OSTIARY["STEP_UP_SECONDS"]`` if they have two to show. No report of an error tells what it
    works with."""

    @form_page
    @sensitive_variables()
    @login_required
    @functools.wraps(view)
    def answer(request: HttpRequest, **named: Any) -> HttpResponse:
        level = Level.AAL2 if factors.has_strong(request.user) else Level.AAL1
        return step_up(level)(view)(request, **named)

    return answer


def set_up_of_factors(view: Callable[[HttpRequest, Any], HttpResponse]) -> View:
    """View decorator: the same for a page where a factor is set up, which is given the person: who
    is signed in, or whom a pending sign-in asks to set one up."""

    @change_of_factors
    def by_the_signed_in(request: HttpRequest) -> HttpResponse:
        if policy_for(request.user).is_off:
            raise PermissionDenied
        return view(request, request.user)

    @form_page
    @sensitive_variables()
    def while_pending(request: HttpRequest) -> HttpResponse:
        return view(request, enrolment.begin(request))

    @functools.wraps(view)
    def answer(request: HttpRequest) -> HttpResponse:
        page = by_the_signed_in if enrolment.person(request) is None else while_pending
        return page(request)

    return answer


def set_up_done(request: HttpRequest, device: FactorDevice) -> HttpResponse:
    """A factor counts from now on, and was shown just now: on to the recovery codes, in a pending
    sign-in by way of its end."""
    if enrolment.is_begun(request):
        return enrolment.done(request, device)
    otp_session.verify(request, device)
    return redirect("ostiary_mfa:recovery_codes")
