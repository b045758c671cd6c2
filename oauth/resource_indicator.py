"""Resource indicators (RFC 8707): which registered API a request names.

A URI can be spelled in several ways (RFC 3986 §6.2.3), and clients do: the case of scheme and host,
the default port, the last slash. They find the API as it is registered, and the token names it so.
"""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit

from .redirect_uri import is_absolute

_DEFAULT_PORTS = {"https": 443, "http": 80}


def find(named: str, registered: Iterable[str]) -> str | None:
    """The one of ``registered`` that ``named`` is, as it stands there; ``None`` if it is none."""
    known = list(registered)
    if named in known:
        return named
    wanted = _normal(named)
    return next((uri for uri in known if wanted and _normal(uri) == wanted), None)


def _normal(uri: str) -> tuple[str, str, int | None, str, str] | None:
    """What is the same for all spellings of a web address; ``None`` for any other URI."""
    if not is_absolute(uri):
        return None
    parts = urlsplit(uri)
    scheme, host = parts.scheme.lower(), parts.hostname
    if scheme not in _DEFAULT_PORTS or not host or "@" in parts.netloc:
        return None
    port = parts.port or _DEFAULT_PORTS[scheme]
    return scheme, host.lower(), port, parts.path.removesuffix("/"), parts.query
