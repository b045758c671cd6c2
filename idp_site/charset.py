"""Requests are read as UTF-8, whatever charset they name; a type that can't be read is none."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from django.http import HttpRequest, HttpResponse
from django.utils.http import parse_header_parameters

from oauth.parameters import read_as_utf8

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_CHARSET = re.compile(r";\s*charset\s*=\s*(?:\"[^\"]*\"|[^;]*)", re.IGNORECASE)


ACCEPT_LENGTH = 1000
"""No browser sends as much; Django reads ten times of it."""


def _is_readable(content_type: str) -> bool:
    try:
        parse_header_parameters(content_type)
    except (ValueError, LookupError):
        return False
    return True


class ReadableTypes:
    """Around Django's WSGI application: leaves of a request's Content-Type and Accept what Django
    can read.

    It reads the first while it makes the request, before there is any middleware, and where it
    can't, the server answers 500. A charset is taken out: Django decodes the query by it, which
    fails for what Python knows as a codec and is none of text (``hex``). A type that is too long,
    or has a parameter that is no text, is none; nor is an Accept with such a one, which Django
    reads when a view asks for it.
    """

    def __init__(self, application: WSGIApplication) -> None:
        self._application = application

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        given = environ.get("CONTENT_TYPE", "")
        if "charset" in given.lower():
            environ["CONTENT_TYPE"] = given = _CHARSET.sub("", given)
        if not _is_readable(given):
            environ["CONTENT_TYPE"] = ""
        accepted = environ.get("HTTP_ACCEPT", "")
        if len(accepted) > ACCEPT_LENGTH or "*=" in accepted:
            del environ["HTTP_ACCEPT"]
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
