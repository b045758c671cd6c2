"""HTTP as bytes on a connection, which no library would send."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse
from typing import Any


@dataclass(frozen=True)
class Answer:
    """What came back: ``status`` is 0 where the server closed the connection instead."""

    status: int
    headers: dict[str, str]
    body: bytes


def connect(port: int) -> socket.socket:
    """A connection to this machine."""
    return socket.create_connection(("127.0.0.1", port), timeout=30)


def read(connection: socket.socket, method: str = "GET") -> Answer:
    """The next answer on a connection."""
    response = HTTPResponse(connection, method=method)
    try:
        response.begin()
        headers = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, headers, response.read())
    except (HTTPException, ConnectionError):
        return Answer(0, {}, b"")
    finally:
        response.close()


def field(name: str | bytes, value: str | bytes) -> bytes:
    """A header field."""
    told = [text.encode("latin-1") if isinstance(text, str) else text for text in (name, value)]
    return b": ".join(told) + b"\r\n"


def ask(port: int, path: str | bytes = "/", *fields: bytes, **more: Any) -> Answer:
    """Send a request with these fields, after a Host, and close the connection."""
    return send(port, request(path, *fields, **more))


def request(
    path: str | bytes = "/",
    *fields: bytes,
    method: bytes = b"GET",
    host: str = "localhost",
    body: bytes = b"",
) -> bytes:
    """The bytes of a request, the last on its connection."""
    path = path.encode("latin-1") if isinstance(path, str) else path
    named = [field("Host", host)] if host else []
    length = [field("Content-Length", str(len(body)))] if body else []
    start = b" ".join((method, path, b"HTTP/1.1\r\n"))
    return b"".join((start, *named, *fields, *length, b"Connection: close\r\n\r\n", body))


def send(port: int, data: bytes) -> Answer:
    """Send the bytes and read one answer."""
    with connect(port) as connection:
        connection.sendall(data)
        return read(connection)
