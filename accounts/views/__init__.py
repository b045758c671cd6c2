"""HTTP: parse, call, answer. One module per part of an account's life."""

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render

from ostiary.signin import safe_next_url
from ostiary.throttling import Throttled


def posted(request: HttpRequest) -> QueryDict | None:
    """What was sent, ``None`` to a page that is only looked at. An empty POST was sent too (H8)."""
    return request.POST if request.method == "POST" else None


def next_url(request: HttpRequest) -> str:
    """Where the person was going, if it is on this site."""
    return safe_next_url(request, request.POST.get("next", request.GET.get("next")))


def too_many(request: HttpRequest, throttled: Throttled) -> HttpResponse:
    """The answer to someone who tries too often (RFC 6585 §4)."""
    response = render(
        request,
        "ostiary_accounts/throttled.html",
        {"minutes": (throttled.retry_after + 59) // 60},
        status=429,
    )
    response["Retry-After"] = str(throttled.retry_after)
    return response
