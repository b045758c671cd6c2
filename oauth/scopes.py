"""Scopes: what may be asked for, in words that people understand."""

from __future__ import annotations

from collections.abc import Iterable

from django.conf import settings
from django.utils.translation import gettext_lazy as _

STANDARD = {
    "openid": _("Know that it is you"),
    "profile": _("See your name and profile"),
    "email": _("See your email address"),
    "offline_access": _("Stay connected when you are away"),
}
"""The scopes of OIDC Core §5.4 and §11 that this server answers."""


def descriptions() -> dict[str, str]:
    """Every scope of this site with its description: the standard ones and the project's own.

    The project's own come from the toolkit's setting ``OAUTH2_PROVIDER["SCOPES"]``.
    """
    own = getattr(settings, "OAUTH2_PROVIDER", {}).get("SCOPES", {})
    return {**STANDARD, **own}


def parse(value: str | None) -> list[str]:
    """The scopes of a space-delimited parameter, each once, in order (RFC 6749 §3.3)."""
    return [scope for scope in dict.fromkeys((value or "").split(" ")) if scope]


def unknown(requested: Iterable[str], allowed: Iterable[str]) -> list[str]:
    """The requested scopes that the client may not ask for."""
    known = set(allowed) & set(descriptions())
    return [scope for scope in requested if scope not in known]
