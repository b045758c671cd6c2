"""“This wasn’t me”, from the link in a message."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from ostiary import second_step, sessions
from ostiary.pages import form_page

from .. import not_me as links
from ..links import take_token
from . import link_dead

TOKEN_KEY = "ostiary.not_me_token"  # noqa: S105  (the name of a session entry)


@second_step.exempt
@form_page
def not_me(request: HttpRequest) -> HttpResponse:
    """Sign out everywhere and start a recovery. The link only opens the page (SECURITY C4)."""
    if take_token(request, TOKEN_KEY):
        return redirect("ostiary_accounts:not_me")
    found = links.pending(request.session.get(TOKEN_KEY, ""))
    if found is None:
        return link_dead(request, "not_me")
    if request.method != "POST":
        return render(request, "ostiary_accounts/not_me.html")
    del request.session[TOKEN_KEY]
    if not links.secure(request, found):
        return link_dead(request, "not_me")
    # Whoever was signed in here: next comes the person whose link it was.
    sessions.sign_out(request)
    return redirect("ostiary_accounts:not_me_done")


@second_step.exempt
@never_cache
@require_safe
def not_me_done(request: HttpRequest) -> HttpResponse:
    """What happened, and what to do now."""
    return render(request, "ostiary_accounts/not_me_done.html")
