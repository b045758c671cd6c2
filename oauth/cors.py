"""Cross-origin use by browser-based clients (OAuth 2.0 for Browser-Based Apps)."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse

HEADERS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "WWW-Authenticate, Retry-After, DPoP-Nonce",
}
PREFLIGHT = {
    "Access-Control-Allow-Methods": "GET, POST",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, DPoP",
    "Access-Control-Max-Age": "86400",
}


def open_to_all_origins(
    view: Callable[..., HttpResponse],
) -> Callable[..., HttpResponse]:
    """Let scripts of any origin call an endpoint that uses no cookie.

    Nothing ambient authenticates such a request, so no origin gains by it what it could not have
    from a server of its own; credentials mode is never allowed.
    """

    @functools.wraps(view)
    def answering_preflights(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.method == "OPTIONS":
            return HttpResponse(status=204, headers={**HEADERS, **PREFLIGHT})
        response = view(request, *args, **kwargs)
        for name, value in HEADERS.items():
            response[name] = value
        return response

    return answering_preflights
