"""Requests to addresses that others have registered, which must not reach our own network (SSRF).

Only https; only public addresses, all of those that a name has; to the very address that was
looked at, so that a name can't change its mind in between; no redirects, no proxies, bounded in
size and time. On a site whose own issuer is a loopback address, for trying out, the machine itself
may be asked too, by http as well.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Mapping
from urllib.parse import SplitResult, urlsplit

from .issuer import issuer
from .resource_server.fetch import (
    MAX_BYTES,
    SECONDS,
    Answer,
    AnswerTooLarge,
    FetchError,
    exchange,
    is_loopback,
    port_of,
)

__all__ = ["Answer", "AnswerTooLarge", "FetchError", "fetch", "for_trying_out", "is_public"]

# Networks whose addresses stand for IPv4 ones: 6to4, Teredo, NAT64, IPv4-mapped.
_EMBEDDING = tuple(
    map(ipaddress.IPv6Network, ("2002::/16", "2001::/32", "64:ff9b::/96", "::ffff:0:0/96"))
)


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
        connected = socket.create_connection((_address(parts), port_of(parts)), timeout=seconds)
    except (OSError, ValueError) as problem:
        raise FetchError(f"{type(problem).__name__}: {problem}") from problem
    return exchange(
        connected, parts, data=data, headers=headers, max_bytes=max_bytes, seconds=seconds
    )


def for_trying_out() -> bool:
    """Whether this site is on this machine alone, and so may ask others there."""
    host = urlsplit(issuer()).hostname or ""
    return host == "localhost" or is_loopback(host)


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
    found = socket.getaddrinfo(parts.hostname, port_of(parts), type=socket.SOCK_STREAM)
    addresses = [str(info[4][0]) for info in found]
    local = for_trying_out() and all(map(is_loopback, addresses))
    if not local and (parts.scheme != "https" or not all(map(is_public, addresses))):
        raise ValueError("not a public address by https")
    return addresses[0]
