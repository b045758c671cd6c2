"""``request.token`` for every view."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from .decorators import admit
from .errors import AccessRefused, NoToken
from .server import resource_server


class AccessTokenMiddleware:
    """Checks the token of a request that brings one, and refuses it where it is not good.

    ``request.token`` is the ``AccessToken``, or ``None`` without one: which views need it, and with
    which scopes, is for ``@protected`` to say. Raises ``ImproperlyConfigured`` when the project
    starts with settings that can't be.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response
        resource_server()

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Serve the request, or say why not."""
        api = resource_server()
        request.token = None  # type: ignore[attr-defined]
        try:
            admit(request, api)
        except NoToken:
            pass
        except AccessRefused as refused:
            return api.refusal(refused, request)
        response = self._get_response(request)
        for name, value in api.headers().items():
            response[name] = value
        return response
