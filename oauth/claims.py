"""The claims about a person that each scope releases (OIDC Core §5.1, §5.4)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from . import claims_hook, pairwise
from .conf import oauth_settings
from .models import Client

PROFILE_CLAIMS = (
    "name",
    "given_name",
    "family_name",
    "middle_name",
    "nickname",
    "preferred_username",
    "profile",
    "picture",
    "website",
    "gender",
    "birthdate",
    "zoneinfo",
    "locale",
    "updated_at",
)
EMAIL_CLAIMS = ("email", "email_verified")
SCOPE_CLAIMS: dict[str, tuple[str, ...]] = {
    "profile": PROFILE_CLAIMS,
    "email": EMAIL_CLAIMS,
    "address": ("address",),
}


def subject(user: Any) -> str:
    """The public ``sub`` of a person: their primary key, which is never given to another. What a
    client is told comes from ``subject_for``."""
    return str(user.pk)


def subject_for(user: Any, client: Client) -> str:
    """The ``sub`` by which ``client`` knows a person, in every token and answer (OIDC Core §8)."""
    if client.subject_type == Client.SubjectType.PAIRWISE:
        return pairwise.subject(user.pk, client)
    return subject(user)


def sid_for(session_pk: Any, client: Client) -> str:
    """The ``sid`` by which ``client`` knows a session, in every token and message."""
    if client.subject_type == Client.SubjectType.PAIRWISE:
        return pairwise.sid(session_pk, client)
    return str(session_pk)


def _updated_at(user: Any) -> int | None:
    moment = getattr(user, "updated_at", None)
    return int(moment.timestamp()) if moment else None


# How a claim is found on a user model that has no field of its name: any project's user will do.
_FALLBACKS: dict[str, Callable[[Any], Any]] = {
    "name": lambda user: user.get_full_name() if hasattr(user, "get_full_name") else None,
    "given_name": lambda user: getattr(user, "first_name", None),
    "family_name": lambda user: getattr(user, "last_name", None),
    "preferred_username": lambda user: getattr(user, "username", None),
    "email_verified": lambda user: bool(getattr(user, "email_verified_at", None)),
    "updated_at": _updated_at,
}


def by_scope() -> dict[str, tuple[str, ...]]:
    """The claims of each scope: of the standard, then of ``OSTIARY_OAUTH["SCOPE_CLAIMS"]``."""
    own = oauth_settings.SCOPE_CLAIMS
    if not own:
        return SCOPE_CLAIMS
    return {
        scope: tuple(dict.fromkeys([*SCOPE_CLAIMS.get(scope, ()), *own.get(scope, ())]))
        for scope in [*SCOPE_CLAIMS, *own]
    }


def supported() -> list[str]:
    """Every claim about a person that a scope can release, each once; what the project's hook may
    add is not known beforehand."""
    return list(dict.fromkeys(name for names in by_scope().values() for name in names))


def is_known(user_model: Any, name: str) -> bool:
    """Whether a claim can be found on people of this user model: as a field or property of one
    value, not as a method or a relation to many."""
    if name in _FALLBACKS:
        return True
    many = {
        field.name
        for field in user_model._meta.get_fields()
        if field.many_to_many or field.one_to_many
    }
    return (
        hasattr(user_model, name) and not callable(getattr(user_model, name)) and name not in many
    )


_MISSING = object()
_PLAIN = (str, int, float, list, dict, type(None))


def _claim(user: Any, name: str) -> Any:
    value = _MISSING if name == "updated_at" else getattr(user, name, _MISSING)
    if value is _MISSING:
        fallback = _FALLBACKS.get(name)
        value = fallback(user) if fallback else None
    # A project's own field may hold an object: a time zone, a file.
    return value if isinstance(value, _PLAIN) else str(value)


def for_scopes(user: Any, scopes: Iterable[str]) -> dict[str, Any]:
    """What the granted scopes release; a claim without a value is left out (OIDC Core §5.3.2)."""
    known = by_scope()
    found = {name: _claim(user, name) for scope in scopes for name in known.get(scope, ())}
    if "email" not in found or not found["email"]:
        found.pop("email_verified", None)
    return {name: value for name, value in found.items() if value not in (None, "", {})}


def about(
    user: Any, client: Client, scopes: Sequence[str], target: claims_hook.Target
) -> dict[str, Any]:
    """What an ID token or UserInfo tells ``client`` of a person, beside the claims of the protocol.

    Raises ``ServerError`` where the project's hook fails.
    """
    return {**for_scopes(user, scopes), **claims_hook.added(user, client, scopes, target)}
