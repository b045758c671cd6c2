"""Requests without the environment of the process, which some servers put into each of them.

``wsgiref``, and with it ``runserver``, copies all of it, as CGI does: a report of an error, which
shows the request, would show the password of the database.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

OF_A_REQUEST = frozenset(
    {
        *("REQUEST_METHOD", "SCRIPT_NAME", "PATH_INFO", "QUERY_STRING"),
        *("CONTENT_TYPE", "CONTENT_LENGTH", "SERVER_NAME", "SERVER_PORT", "SERVER_PROTOCOL"),
        *("REMOTE_ADDR", "REMOTE_HOST", "GATEWAY_INTERFACE", "SERVER_SOFTWARE"),
    }
)
"""What a server says in the names of an environment (PEP 3333, RFC 3875)."""


class WithoutProcessEnvironment:
    """A WSGI application around another, which sees nothing of this process's environment."""

    def __init__(self, application: WSGIApplication) -> None:
        self._application = application
        self._names = os.environ.keys() - OF_A_REQUEST

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if not environ.keys().isdisjoint(self._names):
            for name in self._names & environ.keys():
                del environ[name]
        return self._application(environ, start_response)
