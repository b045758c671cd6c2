"""Scopes: what may be asked for, in words that people understand."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from . import apis

STANDARD = {
    "openid": _("Know that it is you"),
    "profile": _("See your name and profile"),
    "email": _("See your email address"),
    "address": _("See your postal address"),
    "offline_access": _("Stay connected when you are away"),
}
"""The scopes of OIDC Core §5.4 and §11 that this server answers."""


def of_settings() -> dict[str, str]:
    """The scopes with their descriptions that are known without the database."""
    own = getattr(settings, "OAUTH2_PROVIDER", {}).get("SCOPES", {})
    return {**own, **STANDARD}


def descriptions() -> dict[str, str]:
    """Every scope of this site with its description: the standard ones, the project's own, and
    those of the registered APIs.

    The project's own come from the toolkit's setting ``OAUTH2_PROVIDER["SCOPES"]``.
    """
    return {**apis.scopes(), **of_settings()}


def described(asked: Iterable[str], resource: Sequence[str]) -> list[tuple[str, str]]:
    """Each scope with its words, as the API that it is asked for puts them; its name if nobody
    describes it any more."""
    known = descriptions()
    return [(scope, apis.words(scope, resource) or known.get(scope, scope)) for scope in asked]


def parse(value: str | None) -> list[str]:
    """The scopes of a space-delimited parameter, each once, in order (RFC 6749 §3.3)."""
    return [scope for scope in dict.fromkeys((value or "").split(" ")) if scope]


def unknown(requested: Iterable[str], allowed: Iterable[str], resource: Sequence[str]) -> list[str]:
    """The requested scopes that a client with these ``allowed`` may not ask for at ``resource``."""
    known = set(apis.usable(allowed, resource)) & set(descriptions())
    return [scope for scope in requested if scope not in known]
