"""The page of a sign-in that says: you have to set up a second factor."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from ostiary import factors
from ostiary import signin as signins
from ostiary.pages import signin_page

from .. import enrolment
from ..policy import policy_for


@signin_page
def enrol(request: HttpRequest) -> HttpResponse:
    """Say why and until when, and what to choose from; during the time that is given it can be put
    off, and so it can if only the application wants it."""
    found = enrolment.asked(request)
    if found is None:
        return signins.go_on(request)
    progress, user = found
    until = enrolment.deadline(user, policy_for(user))
    may_put_off = until is None or timezone.now() < until
    if request.method == "POST" and may_put_off:
        return enrolment.put_off(request)
    context = {
        "until": until,
        "may_put_off": may_put_off,
        "for_application": enrolment.wants_two_factors(progress),
        "ways": factors.ways_to_set_up(request, user),
    }
    return render(request, "ostiary_mfa/enrol.html", context)
