"""Requests are read as UTF-8, whatever charset they name."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from oauth.parameters import read_as_utf8


class Utf8Middleware:
    """Overrules the charset of a request's Content-Type, by which Django decodes queries and forms.

    The codecs of Python decode some to what is no text (``unicode_escape``), and fail for others
    (``hex``). Browsers name none: a form is sent in the charset of its page.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        read_as_utf8(request)
        return self.get_response(request)
