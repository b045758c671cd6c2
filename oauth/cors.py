"""Cross-origin use by browser-based clients (Fetch §3.3, OAuth 2.0 for Browser-Based Apps).

The endpoints that programs call read no cookie. What authenticates a request is in the request, put
there by whoever wrote the script, so no page gains by calling them what its own server could not
have: any origin may, with any method and any header.

Some scripts send with their requests whatever the browser has for this site (``credentials:
"include"``, axios's ``withCredentials``, keycloak-js). The browser then shows them the answer only
where it names their origin, so it does for origins of registered browser applications
(``client_origins``). That gives away no more, as long as nothing that a browser adds by itself
counts: cookies are not read at all, and an answer to a POST that came with a certificate (RFC 8705)
or by Basic authentication names no origin, since a browser may have added either.
"""

from __future__ import annotations

import re

from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers

from . import client_origins, mtls

EXPOSED = "WWW-Authenticate, Retry-After, DPoP-Nonce"
METHODS = "GET, POST, PUT, DELETE"
ALWAYS = ("*", "Authorization")
"""The header names allowed to every script. ``*`` does not mean ``Authorization`` (Fetch §4.9)."""
MAX_AGE = "86400"
_NAME = r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}"
_NAMES = re.compile(rf"{_NAME}(?:[ \t]*,[ \t]*{_NAME}){{0,99}}")


def preflight(request: HttpRequest) -> HttpResponse:
    """The answer to the question whether a request may be sent.

    The names asked for are told back: ``*`` is a name like any other in a request with credentials,
    and to browsers that are older than it.
    """
    response = HttpResponse(status=204)
    asked = request.META.get("HTTP_ACCESS_CONTROL_REQUEST_HEADERS", "")
    names = [asked] if _NAMES.fullmatch(asked) else []
    response["Access-Control-Allow-Methods"] = METHODS
    response["Access-Control-Allow-Headers"] = ", ".join([*ALWAYS, *names])
    response["Access-Control-Max-Age"] = MAX_AGE
    patch_vary_headers(response, ["Access-Control-Request-Headers"])
    return response


def open_to_origins(request: HttpRequest, response: HttpResponse) -> None:
    """Let the script that sent ``request`` read ``response``, whatever it says."""
    response["Access-Control-Allow-Origin"] = "*"
    response["Access-Control-Expose-Headers"] = EXPOSED
    patch_vary_headers(response, ["Origin"])
    origin = request.META.get("HTTP_ORIGIN", "")
    if not origin or _browser_may_authenticate(request):
        return
    if client_origins.is_registered(origin, ask=response.status_code != 503):
        response["Access-Control-Allow-Origin"] = origin
        response["Access-Control-Allow-Credentials"] = "true"


def _browser_may_authenticate(request: HttpRequest) -> bool:
    """Whether the request could authenticate a client by what a browser adds by itself."""
    if request.method != "POST":
        return False
    scheme = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")[0]
    return scheme.lower() == "basic" or mtls.shown(request) is not None
