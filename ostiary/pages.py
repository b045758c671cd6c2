"""What every page with a form of ours has in common."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render, resolve_url
from django.views import csrf
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.http import require_http_methods

from . import assurance, signin
from .throttling import Throttled

View = Callable[..., HttpResponse]


def form_page(view: View) -> View:
    """View decorator: a page with a form of ours; who tries too often is told so (RFC 6585 §4)."""

    @never_cache
    @csrf_protect
    @require_http_methods(["GET", "HEAD", "POST"])
    @functools.wraps(view)
    def answer(request: HttpRequest, **named: Any) -> HttpResponse:
        try:
            return view(request, **named)
        except Throttled as throttled:
            minutes = (throttled.retry_after + 59) // 60
            response = render(request, "ostiary/throttled.html", {"minutes": minutes}, status=429)
            response["Retry-After"] = str(throttled.retry_after)
            return response

    return answer


def signin_page(view: View) -> View:
    """View decorator: a ``form_page`` that signs somebody in, or leads to that.

    Where ``CSRF_FAILURE_VIEW`` is ``csrf_failure`` below, a visitor who has signed in in another
    tab meanwhile goes on by it without its form.
    """
    page = form_page(view)
    page.signs_in = True  # type: ignore[attr-defined]
    return page


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A ``CSRF_FAILURE_VIEW``: the answer to a form whose token is not that of this browser.

    Every sign-in makes a new token. So the form of a tab that waited at the sign-in page is too old
    once the person has signed in in another one. Nothing of it is taken; but they are led to where
    a reload would lead them: on, or to the form that asks them again, where that was asked for. Who
    typed another name than that of who is signed in is not led on as somebody else, nor who may
    have been another person, where the form has no name.
    """
    match = request.resolver_match
    waited = match is not None and getattr(match.func, "signs_in", False)
    if waited and request.user.is_authenticated and request.accepts("text/html"):
        typed = request.POST.get("identifier", request.POST.get("email", ""))
        is_another = assurance.names_another(typed, request.user)
        if not is_another and (typed or not signin.took_anothers_place(request)):
            query = request.GET.copy()
            if wanted := request.POST.get("next"):
                query.setdefault("next", wanted)
            asked = f"?{query.urlencode()}" if query else ""
            return HttpResponseRedirect(resolve_url(settings.LOGIN_URL) + asked)
    return csrf.csrf_failure(request, reason)


def posted(request: HttpRequest) -> QueryDict | None:
    """What was sent, ``None`` to a page that is only looked at. An empty POST was sent too (H8)."""
    return request.POST if request.method == "POST" else None
