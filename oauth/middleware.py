"""The endpoints that programs call, answered without what only pages need.

Stand it in ``MIDDLEWARE`` after what every answer needs (security headers, logs, https) and before
sessions, languages, CSRF and messages: these endpoints use no cookie and show no page, so nothing
below has anything to do for them, and its cost is saved.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import NamedTuple

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import (
    NoReverseMatch,
    Resolver404,
    ResolverMatch,
    get_script_prefix,
    resolve,
    reverse,
)
from django.utils import translation

WITHOUT_COOKIES = (
    "openid_configuration",
    "authorization_server_metadata",
    "jwks",
    "webfinger",
    "token",
    "revoke",
    "introspect",
    "userinfo",
    "par",
    "device_authorization",
    "register",
    "status_lists",
)
"""The URL names of the endpoints that read no cookie, and have one address."""
BENEATH = ("client_configuration", "status_list")
"""Those of the endpoints whose address ends in what it is about."""


class _Endpoints(NamedTuple):
    """Those with one address by their ``path_info``, and how those of the others begin. What is
    not mounted is left out."""

    at: Mapping[str, ResolverMatch]
    beneath: tuple[str, ...]


@functools.cache
def _endpoints(urlconf: str, prefix: str) -> _Endpoints:
    """Looked up once."""

    def path_of(name: str, *args: str) -> str | None:
        try:
            return "/" + reverse(f"ostiary_oauth:{name}", urlconf, args).removeprefix(prefix)
        except NoReverseMatch:
            return None

    fixed = filter(None, map(path_of, WITHOUT_COOKIES))
    begun = filter(None, (path_of(name, "0") for name in BENEATH))
    return _Endpoints(
        {path: resolve(path, urlconf) for path in fixed},
        tuple(path.removesuffix("0") for path in begun),
    )


def _match(path: str) -> ResolverMatch | None:
    """The endpoint at ``path``, if there is one."""
    urlconf = settings.ROOT_URLCONF
    endpoints = _endpoints(urlconf, get_script_prefix())
    found = endpoints.at.get(path)
    if found is not None or not path.startswith(endpoints.beneath):
        return found
    try:
        found = resolve(path, urlconf)
    except Resolver404:
        return None
    return found if found.url_name in BENEATH else None


class EndpointMiddleware:
    """Answers for the endpoints; hands every other request on."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        match = _match(request.path_info)
        if match is None:
            return self.get_response(request)
        request.get_host()  # a host that is not ours is refused, as by CommonMiddleware
        # The thread may still speak the language of the page that it showed before.
        translation.deactivate()
        request.resolver_match = match
        response: HttpResponse = match.func(request, *match.args, **match.kwargs)
        if "Content-Length" not in response:
            response["Content-Length"] = str(len(response.content))
        return response
