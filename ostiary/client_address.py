"""The network address that a request came from, told by a trusted hop only."""

import ipaddress

from django.http import HttpRequest

from .conf import ostiary_settings


def client_ip(request: HttpRequest) -> str:
    """The address of the client as text, or ``""`` where none is known.

    With ``OSTIARY["TRUSTED_PROXY_HOPS"] = n`` it is the n-th ``X-Forwarded-For`` entry from the
    right, the one that our own outermost proxy wrote; all else in that header is the client's to
    forge. With 0 (the default) the header is ignored.
    """
    hops = ostiary_settings.TRUSTED_PROXY_HOPS
    candidates = [str(request.META.get("REMOTE_ADDR", ""))]
    forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
    if 0 < hops <= len(forwarded):
        candidates.insert(0, forwarded[-hops])
    for candidate in candidates:
        try:
            address = ipaddress.ip_address(candidate.strip().partition("%")[0])  # without a zone
        except ValueError:
            continue
        return str(getattr(address, "ipv4_mapped", None) or address)
    return ""


def came_through_our_proxies(request: HttpRequest) -> bool:
    """Whether ``request`` went through all of ``OSTIARY["TRUSTED_PROXY_HOPS"]``, so that headers
    which they set are theirs. False where there are none."""
    hops = ostiary_settings.TRUSTED_PROXY_HOPS
    passed = [hop for hop in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if hop.strip()]
    return 0 < hops <= len(passed)


def network_of(address: str) -> str:
    """The network that one subscriber holds: an IPv4 address itself, the /64 of an IPv6 address."""
    if not address:
        return ""
    parsed = ipaddress.ip_address(address)
    if parsed.version == 4:
        return str(parsed)
    return str(ipaddress.ip_network((parsed, 64), strict=False).network_address) + "/64"
