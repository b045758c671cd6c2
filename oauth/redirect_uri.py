"""Redirect URIs: which may be registered, and when a requested one is a registered one.

The rule is exact string comparison (RFC 9700 §2.1). The one exception is the port of a loopback
address, which a native application learns only when it starts (RFC 8252 §7.3): of the literals
always, of ``localhost`` unless the operator turns it off (§8.3).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import SplitResult, urlsplit

from django.utils.translation import gettext as _

from .conf import oauth_settings

LOOPBACK_LITERALS = frozenset({"127.0.0.1", "::1"})
FORBIDDEN_SCHEMES = frozenset(
    (
        *("javascript", "vbscript", "data", "blob", "filesystem", "file", "about", "view-source"),
        *("ws", "wss", "ftp", "mailto", "tel", "sms", "urn", "intent", "content", "chrome", "jar"),
    )
)
"""They run code, read this device, or are no application's own: never one's redirect URI."""
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*")
_PLAIN = re.compile(r"[\x21-\x7e]+")
_ENCODED_CONTROL = re.compile(r"%(?:[01][0-9a-f]|7f)", re.IGNORECASE)
_LOOPBACK = re.compile(
    r"http://(?P<host>127\.0\.0\.1|\[::1\]|localhost)(?::(?P<port>[1-9][0-9]{0,4}))?"
    r"(?P<after>[/?].*)?"
)
_AUTHORITY = re.compile(r"([a-z0-9._-]+|\[[0-9a-f:.]+\])(:[0-9]+)?", re.IGNORECASE)
MAX_LENGTH = 2000
ORIGIN_MAX_LENGTH = 300
_PORTS = {"https": 443, "http": 80}


def _split(uri: str) -> SplitResult | None:
    try:
        parts = urlsplit(uri)
        parts.port  # noqa: B018  (raises ValueError where it is no port)
    except ValueError:
        return None
    return parts


def is_authority(netloc: str) -> bool:
    """Whether it is a host, with a port or without, and nothing that would mean more where it
    stands in a Content-Security-Policy as it is."""
    return _AUTHORITY.fullmatch(netloc) is not None


def is_absolute(uri: str) -> bool:
    """Whether ``uri`` is absolute, plain ASCII, and has no fragment (RFC 8707 §2)."""
    parts = _split(uri)
    return bool(
        parts
        and parts.scheme
        and _PLAIN.fullmatch(uri)
        and "#" not in uri
        and parts.netloc + parts.path
    )


def why_not_registrable(uri: str) -> str:
    """What is wrong with registering ``uri``, in words; ``""`` if nothing is."""
    parts = _split(uri)
    if parts is None or not _PLAIN.fullmatch(uri) or len(uri) > MAX_LENGTH:
        return _("not a URI of plain ASCII characters")
    scheme = uri.partition(":")[0]
    if not parts.scheme or not is_absolute(uri):
        return _("not an absolute URI without fragment")
    if scheme != scheme.lower():
        return _("the scheme must be in lower case")
    if "*" in uri:
        return _("wildcards are not allowed")
    if parts.username is not None or parts.password is not None or "\\" in uri:
        return _("user names and backslashes are not allowed")
    path = parts.path.lower().replace("%2e", ".")
    if any(segment in ("..", ".") for segment in re.split(r"[/\\]|%2f|%5c", path)):
        return _("dot segments are not allowed")
    if _ENCODED_CONTROL.search(uri):
        return _("encoded control characters are not allowed")
    if scheme in FORBIDDEN_SCHEMES:
        return _("this scheme is unsafe")
    if scheme in ("http", "https") and not parts.hostname:
        return _("the host is missing")
    if scheme in ("http", "https") and not is_authority(parts.netloc):
        return _("the host is not one of letters, digits, dots and hyphens")
    if scheme == "http" and not is_loopback(uri):
        return _("http is for loopback addresses only; use https")
    if scheme not in ("http", "https") and not _is_private_use(scheme):
        return _(
            "a private-use scheme is a domain name in reverse, such as com.example.app, or one of "
            "PRIVATE_USE_SCHEMES"
        )
    return ""


def _is_private_use(scheme: str) -> bool:
    """Whether applications may have ``scheme``: one that a domain vouches for, or that the operator
    allows (RFC 8252 §7.1, §8.4)."""
    return "." in scheme or scheme in oauth_settings.PRIVATE_USE_SCHEMES


def may_be_allowed(scheme: str) -> bool:
    """Whether an operator may name ``scheme`` in ``PRIVATE_USE_SCHEMES``."""
    known = FORBIDDEN_SCHEMES | {"http", "https"}
    return _SCHEME.fullmatch(scheme) is not None and scheme not in known


def matches(requested: str, registered: str) -> bool:
    """Whether ``requested`` is ``registered`` (RFC 9700 §2.1, RFC 8252 §7.3, §8.3)."""
    if requested == registered:
        return True
    asked, known = _LOOPBACK.fullmatch(requested), _LOOPBACK.fullmatch(registered)
    if not asked or not known or int(asked["port"] or 80) > 65535:
        return False
    if asked["host"] == "localhost" and not oauth_settings.LOOPBACK_LOCALHOST:
        return False
    return asked["host"] == known["host"] and asked["after"] == known["after"]


def shares_origin(uri: str, others: Iterable[str]) -> bool:
    """Whether scheme, host and port of ``uri`` are those of one of ``others``."""
    return _origin(uri) in {_origin(other) for other in others} - {None}


def _origin(uri: str) -> tuple[str, str] | None:
    parts = _split(uri)
    return (parts.scheme, parts.netloc.lower()) if parts else None


def origin_of(uri: str) -> str:
    """The origin of an ``http`` or ``https`` URI as a browser writes it; ``""`` if it has none."""
    parts = _split(uri)
    if parts is None or parts.scheme not in _PORTS or not parts.hostname or not uri.isascii():
        return ""
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    at = "" if parts.port in (None, _PORTS[parts.scheme]) else f":{parts.port}"
    told = f"{parts.scheme}://{host}{at}"
    return told if len(told) <= ORIGIN_MAX_LENGTH else ""


def is_loopback(uri: str) -> bool:
    """Whether a redirect stays on the person's own device."""
    return urlsplit(uri).hostname in LOOPBACK_LITERALS | {"localhost"}


def asks_consent_every_time(uri: str) -> bool:
    """Whether another program could receive this redirect too (RFC 8252 §8.6)."""
    return not uri.startswith("https://")


def shown(uri: str) -> str:
    """What a person is shown of ``uri``: where it leads to. A private-use scheme says it all."""
    parts = urlsplit(uri)
    host = f"//{parts.netloc}" if parts.scheme in ("http", "https") else ""
    return f"{parts.scheme}:{host}"
