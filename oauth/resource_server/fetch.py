"""HTTP requests that are bounded in size and time."""

from __future__ import annotations

import contextlib
import http.client
import ipaddress
import socket
import ssl
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

MAX_BYTES = 64 * 1024
SECONDS = 5.0
"""For all of a request but the lookup of the name, which has the resolver's own limit."""
_PORTS = {"https": 443, "http": 80}


class FetchError(Exception):
    """Nothing usable came back. The text is for the log, never for whoever named the address."""


@dataclass(frozen=True)
class Answer:
    """What came back, whatever its status."""

    status: int
    content_type: str
    body: bytes
    cache_control: str = ""
    retry_after: str = ""


class AnswerTooLarge(FetchError):
    """More came back than was asked for."""


def is_loopback(host: str) -> bool:
    """Whether ``host`` is an address of this machine itself."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_secure(url: str) -> bool:
    """Whether nobody on the way can change what ``url`` answers: https, or this very machine."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        port_of(parts)
    except ValueError:
        return False
    local = host == "localhost" or is_loopback(host)
    return bool(host) and parts.username is None and (parts.scheme == "https" or local)


def port_of(parts: SplitResult) -> int:
    """The port of an http or https URL. Raises ``ValueError`` for another."""
    if parts.scheme not in _PORTS:
        raise ValueError("neither https nor http")
    return parts.port or _PORTS[parts.scheme]


def fetch(
    url: str,
    *,
    data: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    max_bytes: int = MAX_BYTES,
    seconds: float = SECONDS,
) -> Answer:
    """GET ``url``, or POST ``data`` to it: an address of the operator's own, that may be anywhere.

    Raises ``FetchError``. A redirect is an answer, and not followed.
    """
    try:
        if not is_secure(url):
            raise ValueError("not an https address")
        parts = urlsplit(url)
        connected = socket.create_connection((str(parts.hostname), port_of(parts)), timeout=seconds)
    except (OSError, ValueError) as problem:
        raise FetchError(f"{type(problem).__name__}: {problem}") from problem
    return exchange(
        connected, parts, data=data, headers=headers, max_bytes=max_bytes, seconds=seconds
    )


def exchange(
    connected: socket.socket,
    parts: SplitResult,
    *,
    data: bytes | None,
    headers: Mapping[str, str] | None,
    max_bytes: int,
    seconds: float,
) -> Answer:
    """Ask for the URL of ``parts`` over a fresh connection to its host, which is then closed.

    Raises ``FetchError``, also where all of it takes more than ``seconds``.
    """
    over = threading.Event()

    def end() -> None:
        over.set()
        with contextlib.suppress(OSError):
            connected.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    try:
        connection = _speak(connected, parts, seconds)
        connected = connection.sock
        timer.start()
        if isinstance(connected, ssl.SSLSocket):
            connected.do_handshake()
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request("GET" if data is None else "POST", path, data, dict(headers or {}))
        response = connection.getresponse()
        body = response.read(max_bytes + 1)
    except (OSError, ValueError, http.client.HTTPException) as problem:
        raise FetchError(f"{type(problem).__name__}: {problem}") from problem
    finally:
        timer.cancel()
        connected.close()
    if over.is_set():
        raise FetchError("it took too long")
    if len(body) > max_bytes:
        raise AnswerTooLarge("the answer is too large")
    return Answer(
        response.status,
        response.headers.get_content_type(),
        body,
        response.headers.get("Cache-Control", ""),
        response.headers.get("Retry-After", ""),
    )


def _speak(
    connected: socket.socket, parts: SplitResult, seconds: float
) -> http.client.HTTPConnection:
    """An HTTP connection over ``connected``, not yet shaken hands on, to the host of the URL."""
    host, port = str(parts.hostname), port_of(parts)
    connection = http.client.HTTPConnection(host, port, timeout=seconds)
    if parts.scheme == "https":
        connected = ssl.create_default_context().wrap_socket(
            connected, server_hostname=host, do_handshake_on_connect=False
        )
        connection = http.client.HTTPSConnection(host, port, timeout=seconds)
    connection.sock = connected
    return connection
