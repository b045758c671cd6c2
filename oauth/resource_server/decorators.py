"""``@protected`` for Django's views."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from inspect import iscoroutinefunction
from typing import Concatenate, ParamSpec

from django.http import HttpRequest, HttpResponse

from .access_token import AccessToken
from .errors import AccessRefused
from .server import ResourceServer, resource_server

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]


def protected(
    *,
    scopes: Sequence[str] = (),
    acr: Sequence[str] = (),
    max_age: int | None = None,
    server: ResourceServer | None = None,
) -> Callable[[View[P]], View[P]]:
    """View decorator: serve who shows a good access token with all of ``scopes``, one of the
    ``acr`` values, and an authentication of at most ``max_age`` seconds ago.

    The view finds the token in ``request.token``. It needs no CSRF token, since no browser sends an
    access token of its own accord. ``server`` is the API of the settings where none is named.
    Raises ``TypeError`` for an asynchronous view, and for a string where a list belongs.
    """
    if isinstance(scopes, str) or isinstance(acr, str):
        raise TypeError("scopes and acr are lists of strings")
    asks = bool(scopes or acr or max_age is not None)

    def decorate(view: View[P]) -> View[P]:
        if iscoroutinefunction(view):
            raise TypeError("protected() is for synchronous views")

        @functools.wraps(view)
        def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            api = server or resource_server()
            try:
                token = admit(request, api)
                if asks:
                    api.check(token, scopes=scopes, acr=acr, max_age=max_age)
            except AccessRefused as refused:
                return api.refusal(refused, request)
            response = view(request, *args, **kwargs)
            for name, value in api.headers().items():
                response[name] = value
            return response

        guarded.csrf_exempt = True  # type: ignore[attr-defined]
        return guarded

    return decorate


def admit(request: HttpRequest, api: ResourceServer) -> AccessToken:
    """Give the request its ``token`` and, where ``USER`` is set, its ``user``. Raises an
    ``AccessRefused``."""
    token = api.authenticate(request)
    if request.__dict__.get("token") is not token:  # it was not the middleware already
        user = api.user(token)
        if user is not None:
            request.user = user
        request.token = token  # type: ignore[attr-defined]
    return token
