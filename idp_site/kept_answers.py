"""Documents that Django has just answered with, answered again without Django."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .logs import REQUEST_ID, id_of, request_id, tell_access

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

READ = (
    "REQUEST_METHOD",
    "PATH_INFO",
    "SCRIPT_NAME",
    "QUERY_STRING",
    "wsgi.url_scheme",
    "SERVER_NAME",
    "SERVER_PORT",
    "HTTP_HOST",
    "HTTP_ORIGIN",
    "HTTP_X_FORWARDED_PROTO",
    "HTTP_IF_MATCH",
    "HTTP_IF_NONE_MATCH",
    "HTTP_IF_MODIFIED_SINCE",
    "HTTP_IF_UNMODIFIED_SINCE",
)
"""What of a request the answer may depend on: all that our middleware and these views read of it,
but for its id."""
MOST = 64
STATUSES = (200, 304)


@dataclass(frozen=True, slots=True)
class _Answer:
    """What Django answered with, and where in the headers the id of the request stands."""

    kept_while: Callable[[], bool]
    path: str
    code: int
    status: str
    headers: list[tuple[str, str]]
    id_at: int
    body: bytes


class KeptAnswers:
    """A WSGI application around Django's. An answer of a view that sets ``response.kept_while = …``
    is kept with all its headers, and sent to whoever asks for the same for as long as that function
    says so. Each request has an id and an access line of its own all the same; ``most`` answers are
    kept.
    """

    def __init__(self, application: WSGIApplication, most: int = MOST) -> None:
        self._application, self._most = application, most
        self._kept: dict[tuple[Any, ...], _Answer] = {}
        self._lock = threading.Lock()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        asked = tuple(map(environ.get, READ))
        kept = self._kept.get(asked)
        if kept is None or not kept.kept_while():
            return self._asking(asked, environ, start_response)
        started = time.perf_counter()
        current = id_of(environ)
        headers = kept.headers.copy()
        headers[kept.id_at] = (REQUEST_ID, current)
        token = request_id.set(current)
        try:
            tell_access(asked[0], kept.path, kept.code, started)
        finally:
            request_id.reset(token)
        start_response(kept.status, headers)
        return [kept.body]

    def _asking(
        self, asked: tuple[Any, ...], environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        told: list[Any] = []

        def start(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
            told[:] = status, headers
            return start_response(status, headers, *more)

        response: Any = self._application(environ, start)
        kept_while = getattr(response, "kept_while", None)
        if kept_while is not None and response.status_code in STATUSES:
            status, headers = told
            id_at = [name for name, _ in headers].index(REQUEST_ID)
            answer = _Answer(
                kept_while,
                environ.get("SCRIPT_NAME", "") + environ["PATH_INFO"],
                response.status_code,
                status,
                headers.copy(),
                id_at,
                response.content,
            )
            with self._lock:
                self._kept.pop(asked, None)
                if len(self._kept) >= self._most:
                    del self._kept[next(iter(self._kept))]
                self._kept[asked] = answer
        return response  # type: ignore[no-any-return]
