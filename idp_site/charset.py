"""Requests are read as UTF-8, whatever charset they name."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from django.http import HttpRequest, HttpResponse

from oauth.parameters import read_as_utf8

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_CHARSET = re.compile(r";\s*charset\s*=\s*(?:\"[^\"]*\"|[^;]*)", re.IGNORECASE)


class WithoutCharset:
    """Around Django's WSGI application: takes the charset out of a request's Content-Type.

    Django decodes the query by it while it makes the request, before any middleware is asked. What
    Python knows as a codec and is none of text (``hex``) fails there, and the server answers 500.
    """

    def __init__(self, application: WSGIApplication) -> None:
        self._application = application

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        given = environ.get("CONTENT_TYPE", "")
        if "charset" in given.lower():
            environ["CONTENT_TYPE"] = _CHARSET.sub("", given)
        return self._application(environ, start_response)


class Utf8Middleware:
    """Overrules the charset of a request's Content-Type, by which Django decodes queries and forms,
    for whoever serves the site in another way.

    The codecs of Python decode some to what is no text (``unicode_escape``), and fail for others.
    Browsers name none: a form is sent in the charset of its page.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        read_as_utf8(request)
        return self.get_response(request)
