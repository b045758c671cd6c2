"""The network address that a request came from, told by a trusted hop only."""

from __future__ import annotations

import ipaddress
import itertools
import re
from collections.abc import Iterator

from django.http import HttpRequest

from .conf import ostiary_settings

X_FORWARDED_FOR, FORWARDED = "X-Forwarded-For", "Forwarded"

# Text is read from its end, backwards: what the client sent stands before what our proxies added,
# and must not change how that is read, by a quote that it never closes, say.
_QUOTED = r'"(?:"\\|[^"])*+"(?!\\)'
_ELEMENT = re.compile(rf'(?:{_QUOTED}|[^",])*+')
_PAIR = re.compile(rf'(?:{_QUOTED}|[^";])*+')

_WITH_PORT = re.compile(r"\[([^\[\]]*)\](?::\w*)?")
"""An IPv6 address in brackets, with a port or without (RFC 7239 §6)."""


def client_ip(request: HttpRequest) -> str:
    """The address of the client as text, or ``""`` where none is known.

    With ``OSTIARY["TRUSTED_PROXY_HOPS"] = n`` it is the n-th entry from the right of what our
    proxies write (``TRUSTED_PROXY_HEADER``), the one that our own outermost proxy added; all else
    in that header is the client's to forge. Where that entry is none, or holds no address
    (``unknown``, RFC 7239 §6.2), it is the address that the connection came from. With 0 (the
    default) no header is looked at.
    """
    told = _told_by_our_outermost_proxy(request)
    return (told and _address(told)) or _address(str(request.META.get("REMOTE_ADDR", "")))


def came_through_our_proxies(request: HttpRequest) -> bool:
    """Whether ``request`` went through all of ``OSTIARY["TRUSTED_PROXY_HOPS"]``, so that headers
    which they set are theirs. False where there are none."""
    return bool(_told_by_our_outermost_proxy(request))


def network_of(address: str) -> str:
    """The network that one subscriber holds: an IPv4 address itself, the /64 of an IPv6 address."""
    if not address:
        return ""
    parsed = ipaddress.ip_address(address)
    if parsed.version == 4:
        return str(parsed)
    return str(ipaddress.ip_network((parsed, 64), strict=False).network_address) + "/64"


def _told_by_our_outermost_proxy(request: HttpRequest) -> str:
    """For whom it forwards the request; ``""`` where the request didn't come through it.

    ``Forwarded`` also counts where it is there instead of ``X-Forwarded-For``: a proxy that writes
    the latter does so in every request.
    """
    hops = ostiary_settings.TRUSTED_PROXY_HOPS
    if not hops:
        return ""
    told = request.META.get("HTTP_X_FORWARDED_FOR")
    if told is not None and ostiary_settings.TRUSTED_PROXY_HEADER != FORWARDED:
        entries = told.split(",")
    else:
        elements = itertools.islice(
            _backwards(_ELEMENT, request.META.get("HTTP_FORWARDED", "")), hops
        )
        entries = [_forwarded_for(element) for element in elements][::-1]
    return entries[-hops].strip() if hops <= len(entries) else ""


def _forwarded_for(element: str) -> str:
    """The ``for`` of an element of ``Forwarded`` (RFC 7239 §4)."""
    for pair in _backwards(_PAIR, element):
        name, _, value = pair.partition("=")
        if name.strip().lower() == "for":
            return value
    return ""


def _backwards(part: re.Pattern[str], text: str) -> Iterator[str]:
    """The parts of ``text``, the last first, which one character outside of quotes divides."""
    backwards, at = text[::-1], 0
    while at < len(backwards):
        found = part.match(backwards, at)
        end = found.end() if found else at
        yield backwards[at:end][::-1]
        at = end + 1


def _address(entry: str) -> str:
    """The address in an entry, however its proxy writes it: bare, in quotes or brackets, with a
    zone or a port. ``""`` where there is none."""
    text = entry.strip().strip('"').strip()
    if found := _WITH_PORT.fullmatch(text):
        text = found[1]
    # A port without brackets: Azure's Application Gateway appends one.
    without_port = text.rpartition(":")[0]
    for candidate in (text, without_port):
        try:
            address = ipaddress.ip_address(candidate.partition("%")[0])  # without a zone
        except ValueError:
            continue
        return str(getattr(address, "ipv4_mapped", None) or address)
    return ""
