"""The endpoints that programs call, answered without what only pages need.

Stand it in ``MIDDLEWARE`` after what every answer needs (security headers, logs, https) and before
sessions, languages, CSRF and messages: these endpoints use no cookie and show no page, so nothing
below has anything to do for them, and its cost is saved.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.urls import NoReverseMatch, ResolverMatch, get_script_prefix, resolve, reverse
from django.utils import translation

from .views.unavailable import database_away

WITHOUT_COOKIES = (
    "openid_configuration",
    "authorization_server_metadata",
    "jwks",
    "token",
    "revoke",
    "introspect",
    "userinfo",
    "par",
    "device_authorization",
)
"""The URL names of the endpoints that read no cookie, whose addresses have no variable part."""


@functools.cache
def _endpoints(urlconf: str, prefix: str) -> Mapping[str, ResolverMatch]:
    """The endpoints by ``path_info``, looked up once; those that are not mounted are left out."""
    found = {}
    for name in WITHOUT_COOKIES:
        try:
            path = "/" + reverse(f"ostiary_oauth:{name}", urlconf).removeprefix(prefix)
        except NoReverseMatch:
            continue
        found[path] = resolve(path, urlconf)
    return found


class EndpointMiddleware:
    """Answers for the endpoints; hands every other request on."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        match = _endpoints(settings.ROOT_URLCONF, get_script_prefix()).get(request.path_info)
        if match is None:
            return self.get_response(request)
        request.get_host()  # a host that is not ours is refused, as by CommonMiddleware
        # The thread may still speak the language of the page that it showed before.
        translation.deactivate()
        request.resolver_match = match
        try:
            response: HttpResponse = match.func(request)
        except (OperationalError, InterfaceError):
            response = database_away()
        if "Content-Length" not in response:
            response["Content-Length"] = str(len(response.content))
        return response
