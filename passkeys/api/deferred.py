"""Views that are loaded when they are first asked for."""

from __future__ import annotations

from functools import cached_property
from importlib import import_module
from typing import Any

from django.http import HttpRequest, HttpResponseBase


class Deferred:
    """The view of that name in ``views``.

    Django REST framework, with what it looks for (Markdown, Pygments, requests), takes 10 MiB of
    each process and 0.2 s of its start. Nothing else of a site needs it, and many have no front end
    that calls these endpoints.
    """

    # As `APIView.as_view` marks its views: each endpoint asks for the token and the person itself.
    csrf_exempt = True
    login_required = False

    def __init__(self, name: str) -> None:
        self.name = name

    @cached_property
    def cls(self) -> Any:
        """Its class."""
        return getattr(import_module(".views", __package__), self.name)

    @cached_property
    def _view(self) -> Any:
        return self.cls.as_view()

    def __call__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Answer as the view."""
        answer: HttpResponseBase = self._view(request, *args, **kwargs)
        return answer
