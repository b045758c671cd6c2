"""Requests to addresses that others have registered, which must not reach our own network (SSRF).

Only https; only public addresses, all of those that a name has; to the very address that was
looked at, so that a name can't change its mind in between; no redirects, no proxies, bounded in
size and time. On a site whose own issuer is a loopback address, for trying out, the machine itself
may be asked too, by http as well.
"""

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

from .issuer import issuer

MAX_BYTES = 64 * 1024
SECONDS = 5.0
"""For all of a request but the lookup of the name, which has the resolver's own limit."""
_PORTS = {"https": 443, "http": 80}
# Networks whose addresses stand for IPv4 ones: 6to4, Teredo, NAT64, IPv4-mapped.
_EMBEDDING = tuple(
    map(ipaddress.IPv6Network, ("2002::/16", "2001::/32", "64:ff9b::/96", "::ffff:0:0/96"))
)


class FetchError(Exception):
    """Nothing usable came back. The text is for the log, never for whoever named the address."""


@dataclass(frozen=True)
class Answer:
    """What came back, whatever its status."""

    status: int
    content_type: str
    body: bytes


def fetch(
    url: str,
    *,
    data: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    max_bytes: int = MAX_BYTES,
    seconds: float = SECONDS,
) -> Answer:
    """GET ``url``, or POST ``data`` to it. Raises ``FetchError``; a redirect is an answer."""
    try:
        parts = urlsplit(url)
        address = _address(parts)
        connection = _connect(parts, address, seconds)
    except (OSError, ValueError) as problem:
        raise FetchError(f"{type(problem).__name__}: {problem}") from problem
    over = threading.Event()
    connected = connection.sock

    def end() -> None:
        over.set()
        with contextlib.suppress(OSError):
            connected.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
    try:
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
        connection.close()
    if over.is_set():
        raise FetchError("it took too long")
    if len(body) > max_bytes:
        raise FetchError("the answer is too large")
    return Answer(response.status, response.headers.get_content_type(), body)


def _for_trying_out() -> bool:
    host = urlsplit(issuer()).hostname or ""
    return host == "localhost" or _is_loopback(host)


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def is_public(address: str) -> bool:
    """Whether an IP address is one of the public internet and stands for no other."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    embeds = isinstance(ip, ipaddress.IPv6Address) and any(ip in net for net in _EMBEDDING)
    return ip.is_global and not (ip.is_multicast or ip.is_reserved or embeds)


def _address(parts: SplitResult) -> str:
    """The address to connect to, if all that the name has are allowed. Raises ``ValueError``."""
    if not parts.hostname or parts.username is not None or not parts.geturl().isascii():
        raise ValueError("not an address to ask")
    found = socket.getaddrinfo(parts.hostname, _port(parts), type=socket.SOCK_STREAM)
    addresses = [str(info[4][0]) for info in found]
    local = _for_trying_out() and all(map(_is_loopback, addresses))
    if not local and (parts.scheme != "https" or not all(map(is_public, addresses))):
        raise ValueError("not a public address by https")
    return addresses[0]


def _port(parts: SplitResult) -> int:
    if parts.scheme not in _PORTS:
        raise ValueError("neither https nor http")
    return parts.port or _PORTS[parts.scheme]


def _connect(parts: SplitResult, address: str, seconds: float) -> http.client.HTTPConnection:
    """A connection to ``address`` that speaks to the host of the URL, and checks its name."""
    host = str(parts.hostname)
    connected = socket.create_connection((address, _port(parts)), timeout=seconds)
    connection = http.client.HTTPConnection(host, parts.port or _port(parts), timeout=seconds)
    if parts.scheme == "https":
        connected = ssl.create_default_context().wrap_socket(
            connected, server_hostname=host, do_handshake_on_connect=False
        )
        connection = http.client.HTTPSConnection(host, _port(parts), timeout=seconds)
    connection.sock = connected
    return connection
