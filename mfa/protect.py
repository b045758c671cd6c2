"""Who may change second factors: whoever has just shown the best they have (SECURITY C8, D4)."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import NoReverseMatch, reverse

from ostiary.assurance import Level, step_up
from ostiary.pages import form_page

from . import otp_session
from .kinds import has_strong_factor
from .models import FactorDevice
from .views import security_url

View = Callable[..., HttpResponse]


def change_of_factors(view: View) -> View:
    """View decorator: a form page for the signed-in person, who has shown two factors within
    ``OSTIARY["STEP_UP_SECONDS"]`` if they have two to show."""

    @form_page
    @login_required
    @functools.wraps(view)
    def answer(request: HttpRequest, **named: Any) -> HttpResponse:
        level = Level.AAL2 if has_strong_factor(request.user) else Level.AAL1
        return step_up(level)(view)(request, **named)

    return answer


def set_up_of_factors(view: Callable[[HttpRequest, Any], HttpResponse]) -> View:
    """View decorator: the same for a page where a factor is set up, which is given the person."""

    @change_of_factors
    @functools.wraps(view)
    def answer(request: HttpRequest) -> HttpResponse:
        return view(request, request.user)

    return answer


def set_up_done(request: HttpRequest, device: FactorDevice) -> HttpResponse:
    """A factor counts from now on, and was shown just now: on to the recovery codes."""
    otp_session.verify(request, device)
    try:
        return HttpResponseRedirect(reverse("ostiary_mfa:recovery_codes"))
    except NoReverseMatch:
        return HttpResponseRedirect(security_url())
