"""HTTP: parse, call, answer. One module per part of an account's life."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from django.forms import Form
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.http import require_http_methods

from ostiary.signin import safe_next_url
from ostiary.throttling import Throttled

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
            page = "ostiary_accounts/throttled.html"
            response = render(request, page, {"minutes": minutes}, status=429)
            response["Retry-After"] = str(throttled.retry_after)
            return response

    return answer


def posted(request: HttpRequest) -> QueryDict | None:
    """What was sent, ``None`` to a page that is only looked at. An empty POST was sent too (H8)."""
    return request.POST if request.method == "POST" else None


def next_url(request: HttpRequest) -> str:
    """Where the person was going, if it is on this site."""
    return safe_next_url(request, request.POST.get("next", request.GET.get("next")))


def show(request: HttpRequest, page: str, form: Form, **context: Any) -> HttpResponse:
    """The page with its form: 400 if it was sent and there is something to correct."""
    return render(
        request,
        f"ostiary_accounts/{page}.html",
        {"form": form, **context},
        status=400 if form.errors else 200,
    )


def link_dead(request: HttpRequest, what: str) -> HttpResponse:
    """The answer to a mailed link that was used, replaced or has expired."""
    return render(request, "ostiary_accounts/link_dead.html", {"what": what}, status=400)
