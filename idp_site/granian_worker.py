"""granian's worker for a WSGI application, with the fields of requests as they came.

granian's own makes the ``environ`` where we can't reach it: a field with a byte outside ASCII is
emptied, so that one odd cookie of a neighbouring site takes all cookies with it;
``X_Forwarded_For`` is taken for ``X-Forwarded-For``, which proxies set; and the environment of the
process is in every request. To an ASGI application it gives the fields as they came. So a worker
here is one for ASGI whose requests the WSGI application answers, in granian's blocking threads and
without an event loop. (It is made for the insides of granian 2.8; docs/adr/0015 says why.)

The body of a request is there before the application is asked: a client that is slow to send or to
read holds no thread.
"""

from __future__ import annotations

import functools
import io
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes

import granian._granian
import granian._signals
import granian.server.common
import granian.server.mp
import granian.wsgi

if TYPE_CHECKING:
    from types import TracebackType

    from _typeshed.wsgi import WSGIApplication

# granian says of these what they no longer take, or nothing.
_ASGIWorker: Any = granian._granian.ASGIWorker
_CallbackScheduler: Any = granian._granian.CallbackScheduler
_set_sync_signals: Any = granian._signals.set_sync_signals
_build_access_logger: Any = granian.wsgi._build_access_logger
_in_worker: Any = granian.server.mp.WorkerProcess.wrap_target
_METHODS: Any = granian.server.common.WORKERS_METHODS

BODY_BYTES = 8 * 1024 * 1024
"""More is refused; Django takes less of a form."""
KEPT_IN_MEMORY_BYTES = 64 * 1024
"""A larger body is kept in a file meanwhile."""
TOO_LARGE = 413, b"The request is too large.\n"
CONSTANT = {
    "GATEWAY_INTERFACE": "CGI/1.1",
    "SERVER_SOFTWARE": "granian",
    "wsgi.version": (1, 0),
    "wsgi.errors": sys.stderr,
    "wsgi.input_terminated": True,
    "wsgi.multiprocess": True,
    "wsgi.multithread": True,
    "wsgi.run_once": False,
}
WITHOUT_BODY = ("GET", "HEAD")
CHUNKED = "HTTP_TRANSFER_ENCODING"
_OWN_NAMES = {"CONTENT_TYPE", "CONTENT_LENGTH"}

Access = Callable[[float, float, dict[str, Any], int], None]


@functools.lru_cache(maxsize=512)
def _key(name: bytes) -> str:
    """The key of a field in the ``environ``; ``""`` for one that can't be told from another there,
    since ``-`` becomes ``_``: it does not count."""
    if b"_" in name:
        return ""
    key = name.decode("latin-1").upper().replace("-", "_")
    return key if key in _OWN_NAMES else f"HTTP_{key}"


def environ_of(scope: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """The ``environ`` of a request (PEP 3333), without its body. ``prefix`` is where the
    application is mounted."""
    path = scope["raw_path"]
    path = (unquote_to_bytes(path) if b"%" in path else path).decode("latin-1")
    environ = CONSTANT | {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": prefix,
        "PATH_INFO": path[len(prefix) :] or "/" if prefix else path,
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "SERVER_NAME": scope["server"][0],
        "SERVER_PORT": scope["server"][1],
        "REMOTE_ADDR": scope["client"][0],
        "wsgi.url_scheme": scope["scheme"],
    }
    for name, value in scope["headers"]:
        key, text = _key(name), value.decode("latin-1")
        if not key:
            continue
        if key in environ:
            separator = ";" if key == "HTTP_COOKIE" else ","
            text = f"{environ[key]}{separator}{text}"
        environ[key] = text
    return environ


class _Here:
    """What granian takes for an event loop: whatever is to be run is run at once, in the blocking
    thread that says so."""

    def call_soon(self, callback: Callable[..., Any], *arguments: Any, context: Any = None) -> None:
        """Run it."""
        callback(*arguments)

    call_soon_threadsafe = call_soon


class _Request:
    """One request, from its fields to the end of its answer.

    No thread waits for the client: each step is taken by the blocking thread that is told that it
    can be. What a step raises is told to granian, which logs it, and answers 500 where nothing has
    been sent.
    """

    __slots__ = ("_access", "_application", "_body", "_environ", "_length", "_proto", "_watcher")

    def __init__(
        self, watcher: Any, application: WSGIApplication, prefix: str, access: Access | None
    ) -> None:
        self._watcher, self._proto = watcher, watcher.proto
        self._application, self._access = application, access
        self._environ = environ_of(watcher.scope, prefix)
        self._body: IO[bytes] | None = None
        self._length = 0

    def begin(self) -> None:
        """Answer it, once its body is there."""
        environ = self._environ
        told = _length_told(environ)
        if told > BODY_BYTES:
            self._refuse(*TOO_LARGE)
        elif told > 0 or environ["REQUEST_METHOD"] not in WITHOUT_BODY or CHUNKED in environ:
            self._then(self._proto.receive(), self._received)
        else:
            self._answer(io.BytesIO())

    def _then(self, future: Any, step: Callable[..., None], *arguments: Any) -> None:
        """Take the next step when granian has done something."""

        def go_on(done: Any) -> None:
            try:
                step(done, *arguments)
            except BaseException as problem:
                self._watcher.err(problem)

        future.add_done_callback(go_on)

    def _received(self, future: Any) -> None:
        """Take a part of the body, and the next; answer when it is whole."""
        message = future.result()
        if message["type"] != "http.request":  # the client is gone, or what it sends is no body
            self._refuse(400, b"The request has no end.\n")
            return
        part: bytes = message["body"]
        self._length += len(part)
        is_whole = not message["more_body"] or self._length == _length_told(self._environ)
        if self._length > BODY_BYTES:
            self._refuse(*TOO_LARGE)
        elif is_whole and self._body is None:
            self._answer(io.BytesIO(part))
        else:
            if self._body is None:
                self._body = tempfile.SpooledTemporaryFile(KEPT_IN_MEMORY_BYTES)  # noqa: SIM115
            self._body.write(part)
            if is_whole:
                self._body.seek(0)
                self._answer(self._body)
            else:
                self._then(self._proto.receive(), self._received)

    def _answer(self, body: IO[bytes]) -> None:
        environ = self._environ
        environ["wsgi.input"] = body
        if self._length:
            environ["CONTENT_LENGTH"] = str(self._length)
        began, told = (time.time(), time.perf_counter()), _Told()
        parts = self._application(environ, told)
        try:
            iterator = iter(parts)
            first = next(iterator, b"")  # an application may start its answer with it
            if told.written:
                first = b"".join([*told.written, first])
            self._start(told.status, told.headers)
            if self._access is not None:
                self._access(*began, environ, told.status)
        except BaseException:
            _close(parts)
            raise
        self._send(None, parts, iterator, first)

    def _refuse(self, status: int, body: bytes) -> None:
        self._start(status, [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
        self._proto.send({"type": "http.response.body", "body": body})

    def _start(self, status: int, headers: list[tuple[str, str]]) -> None:
        fields = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
        self._proto.send({"type": "http.response.start", "status": status, "headers": fields})

    def _send(self, _: Any, parts: Iterable[bytes], iterator: Iterator[bytes], part: bytes) -> None:
        """Send the part and those that follow, the last as such."""
        try:
            for following in iterator:
                more = {"type": "http.response.body", "body": part, "more_body": True}
                sent = self._proto.send(more)
                part = following
                if hasattr(sent, "add_done_callback"):  # the client is slow to read
                    self._then(sent, self._send, parts, iterator, part)
                    return
            self._proto.send({"type": "http.response.body", "body": part})
        except BaseException:
            _close(parts)
            raise
        _close(parts)


class _Told:
    """The ``start_response`` of one request, and what it was told."""

    __slots__ = ("headers", "status", "written")

    def __call__(
        self,
        status: str,
        headers: list[tuple[str, str]],
        problem: tuple[type[BaseException], BaseException, TracebackType]
        | tuple[None, None, None]
        | None = None,
        /,
    ) -> Callable[[bytes], object]:
        self.status, self.headers = int(status[:3]), headers
        self.written: list[bytes] = []
        return self.written.append


def _length_told(environ: dict[str, Any]) -> int:
    """How long the body is, as its sender says; -1 where they don't."""
    told = environ.get("CONTENT_LENGTH", "")
    return int(told) if told.isascii() and told.isdigit() else -1


def _close(parts: Any) -> None:
    if hasattr(parts, "close"):
        parts.close()


@_in_worker  # type: ignore[untyped-decorator]
def work(
    worker_id: int,
    callback: WSGIApplication,
    sock: Any,
    ipc: Any,
    loop: Any,
    runtime_mode: Any,
    runtime_threads: int,
    runtime_blocking_threads: int | None,
    blocking_threads: int,
    blocking_threads_idle_timeout: int,
    backpressure: int,
    task_impl: Any,
    http_mode: Any,
    http1_settings: Any,
    http2_settings: Any,
    websockets: bool,
    static_path: Any,
    log_access_fmt: str | None,
    ssl_ctx: Any,
    scope_opts: dict[str, Any],
    metrics: Any,
) -> None:
    """What a worker process does until it is told to end, in place of granian's
    ``MPServer._spawn_wsgi_worker``."""
    prefix = scope_opts.get("url_path_prefix") or ""
    access = _build_access_logger(log_access_fmt) if log_access_fmt else None

    def begin(watcher: Any) -> None:
        try:
            _Request(watcher, callback, prefix, access).begin()
        except BaseException as problem:
            watcher.err(problem)

    here, ended = _Here(), threading.Event()
    scheduler = _CallbackScheduler(here, None, None, None, None)
    scheduler._schedule_fn = begin
    signalled = _set_sync_signals()
    signalled.add_cb(ended.set)
    worker = _ASGIWorker(
        worker_id,
        sock,
        ipc,
        runtime_threads,
        runtime_blocking_threads,
        blocking_threads,
        blocking_threads_idle_timeout,
        backpressure,
        http_mode,
        http1_settings,
        http2_settings,
        False,  # no WebSockets
        static_path,
        *ssl_ctx,
        metrics,
    )
    is_unix_socket = (sock[0] or sock[1]).is_uds()
    getattr(worker, _METHODS[runtime_mode][is_unix_socket])(scheduler, here, signalled)
    ended.wait()
