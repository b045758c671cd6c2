"""Scopes: what may be asked for, in words that people understand, and what is given of it.

A scope that nobody knows, or that this client may not have, is left out of what is given (OIDC Core
§3.1.2.1), and the answer tells what was (RFC 6749 §3.3). Nothing that was not asked for, and
nothing that is not possible, is ever in it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING

from django.conf import settings
from django.utils.translation import gettext_lazy as _
from oauthlib.oauth2.rfc6749.errors import InvalidScopeError

from . import apis, security_profile
from .conf import oauth_settings
from .explanation import printable

if TYPE_CHECKING:
    from .models import Client

OFFLINE = "offline_access"

STANDARD = {
    "openid": _("Confirm your identity"),
    "profile": _("See your name and profile"),
    "email": _("See your email address"),
    "address": _("See your postal address"),
    OFFLINE: _("Keep access when you’re not using it"),
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


def in_words(scope: str) -> str:
    """What the scope lets a client do; its name if nobody describes it any more."""
    return str(of_settings().get(scope, scope))


def described(asked: Iterable[str], resource: Sequence[str]) -> list[tuple[str, str]]:
    """Each scope with its words, as the API that it is asked for puts them; its name if nobody
    describes it any more."""
    known = descriptions()
    return [(scope, apis.words(scope, resource) or known.get(scope, scope)) for scope in asked]


def parse(value: str | None) -> list[str]:
    """The scopes of a space-delimited parameter, each once, in order (RFC 6749 §3.3)."""
    return [scope for scope in dict.fromkeys((value or "").split(" ")) if scope]


def of_person(client: Client, resource: Sequence[str]) -> list[str]:
    """The scopes that people can give ``client`` at ``resource``. ``offline_access`` is one of them
    only where a refresh token comes with it (OIDC Core §11)."""
    known = descriptions()
    return [
        scope
        for scope in apis.usable(client.scopes, resource)
        if scope in known and (scope != OFFLINE or client.may_use("refresh_token"))
    ]


def of_itself(owned: Iterable[str], resource: Sequence[str]) -> list[str]:
    """Those of ``owned`` that are good at ``resource`` for who acts for nobody here: the OpenID
    scopes are about a person, and there is none."""
    known = descriptions()
    return [
        scope for scope in apis.usable(owned, resource) if scope in known and scope not in STANDARD
    ]


def given(value: str | None, possible: Collection[str], client: Client) -> list[str]:
    """What ``client`` is given for the parameter ``scope``: of those asked for the ``possible``
    ones, or all of these where none was asked for (RFC 6749 §3.3).

    Raises ``InvalidScopeError``, which names them, if none of those asked for is possible; of a
    client of FAPI 2.0 all have to be.
    """
    asked = parse(value)
    granted = [scope for scope in asked or possible if scope in possible]
    missed = " ".join(scope for scope in asked if scope not in possible)
    if missed and (not granted or security_profile.is_fapi2(client)):
        raise InvalidScopeError(
            description=f"Unknown here, or not for this client: {printable(missed)}"
        )
    if not granted:
        raise InvalidScopeError(description="There is no scope that this client may have here.")
    return granted


def given_by_person(value: str | None, client: Client, resource: Sequence[str]) -> list[str]:
    """What the person is asked to give ``client`` at ``resource`` (RFC 6749 §4.1.1, RFC 8628 §3.1).

    Raises ``InvalidScopeError``.
    """
    if security_profile.is_fapi2(client) and not parse(value):
        raise InvalidScopeError(description="Missing scope parameter.")
    return given(value, of_person(client, resource), client)


def registrable() -> list[str]:
    """The scopes that a client may have which no operator has registered: those of
    ``REGISTRATION_SCOPES`` that there are, at the APIs of ``REGISTRATION_AUDIENCES``."""
    known = descriptions()
    wanted = apis.usable(oauth_settings.REGISTRATION_SCOPES, oauth_settings.REGISTRATION_AUDIENCES)
    return [scope for scope in wanted if scope in known]


def supported() -> list[str]:
    """Those that our metadata name (RFC 8414 §2): every one, or, where applications come that no
    operator registers, what such a one can have. They ask for all that they read there."""
    comes_by_itself = oauth_settings.REGISTRATION != "closed"
    if comes_by_itself or oauth_settings.CLIENT_ID_METADATA_HOSTS:
        return registrable()
    return list(descriptions())
