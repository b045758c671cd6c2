"""The terms of use, asked for within a sign-in."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from ostiary import branding, events, sessions
from ostiary import signin as signins
from ostiary.pages import signin_page

from .. import terms


@signin_page
def ask(request: HttpRequest) -> HttpResponse:
    """Accept the present terms and go on, or don't and be signed out."""
    found = signins.pending(request)
    version = terms.current_version()
    if found is None or not version:
        return signins.go_on(request)
    pending, user = found
    decision = request.POST.get("decision", "")
    # The version that was shown: one that rose meanwhile is asked for anew.
    if decision == "accept" and request.POST.get("version") == version:
        terms.accept(user, version)
        return signins.advance(request, terms.TermsStep.name)
    if decision == "decline":
        events.record("terms.declined", user=user, request=request, details={"version": version})
        signins.abandon(request)
        if request.user.is_authenticated:
            sessions.sign_out(request)
        context = {"next": pending.next_url}
        return render(request, "ostiary_accounts/terms_declined.html", context)
    context = {"version": version, "terms_url": branding.current().terms_url}
    return render(request, "ostiary_accounts/terms.html", context)
