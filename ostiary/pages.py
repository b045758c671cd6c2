"""What every page with a form of ours has in common."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.http import require_http_methods

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


def posted(request: HttpRequest) -> QueryDict | None:
    """What was sent, ``None`` to a page that is only looked at. An empty POST was sent too (H8)."""
    return request.POST if request.method == "POST" else None
