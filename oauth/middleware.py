"""Middleware: endpoints answered without what only pages need, and pages that an application may
have opened in a pop-up.

Stand both in ``MIDDLEWARE`` after what every answer needs (security headers, logs, https) and
before sessions, languages, CSRF and messages.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
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

from ostiary import application_ahead

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
    """Answers for the endpoints that programs call; hands every other request on.

    These use no cookie and show no page, so nothing below has anything to do for them, and its cost
    is saved.
    """

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


OPENER_POLICY = "Cross-Origin-Opener-Policy"
WITH_OPENER = ("authorize", "continue", "logout")
"""The URL names of the pages to which an application sends people."""


@functools.cache
def _paths_with_opener(urlconf: str, prefix: str) -> frozenset[str]:
    found = set()
    for name in WITH_OPENER:
        try:
            found.add(reverse(f"ostiary_oauth:{name}", urlconf))
        except NoReverseMatch:
            continue
    return frozenset(found)


def _addresses(request: HttpRequest, response: HttpResponse) -> Iterator[str]:
    """This address, and those to which the answer, or a form on the page, may lead in the end."""
    yield request.get_full_path()
    yield response.get("Location", "")
    yield getattr(response, "next_url", "")
    if hasattr(request, "session") and request.session.accessed:
        yield application_ahead.pending_next_url(request)


class OpenerMiddleware:
    """Lets an application keep hold of the pop-up in which it has somebody sign in.

    ``Cross-Origin-Opener-Policy: same-origin``, which ``SecurityMiddleware`` puts on every answer,
    cuts a page off from who opened it, for good, and so does that of a redirect on the way. So what
    leads back to an authorization request says ``unsafe-none``; every other answer is left to the
    project. A view may name where it leads on, ``response.next_url = "/…"``. What it costs: an
    application that has opened such a page can see when it is closed, and can lead it elsewhere, as
    by any link.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if self._leads_back(request, response):
            response[OPENER_POLICY] = "unsafe-none"
        return response

    def _leads_back(self, request: HttpRequest, response: HttpResponse) -> bool:
        theirs = _paths_with_opener(settings.ROOT_URLCONF, get_script_prefix())
        return any(
            path in theirs
            for address in _addresses(request, response)
            for _, path, _ in application_ahead.steps(address)
        )
