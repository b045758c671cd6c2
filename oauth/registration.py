"""Client metadata in, a client out (RFC 7591 §2, OpenID Connect Registration §2).

Pure but for ``check_sector``: nothing is saved here. Names that are not in these tables are
ignored, as RFC 7591 §2 says: so nothing can be registered that is an operator's to give, such as
being first-party, lifetimes or a weaker revocation policy.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.utils.module_loading import import_string
from oauthlib.oauth2.rfc6749.errors import OAuth2Error

from . import pairwise, scopes
from .client_metadata import (
    LANGUAGE_TAG,
    LANGUAGES_MAX,
    METADATA,
    NAME_MAX_LENGTH,
    RESPONSE_TYPES,
    is_address,
)
from .conf import oauth_settings
from .models import Client, InitialAccessToken

DEFAULT_GRANT_TYPES = ("authorization_code", "refresh_token")
"""What an application may use that no operator has looked at."""
MANY = 50
"""Most URIs or contacts of one client."""
COLUMNS = ("id_token_signed_response_alg", "subject_type")
LOCALIZED_NAMES = "localized_client_names"
"""Registered as ``client_name#de`` and so on (RFC 7591 §2.2)."""
PAGES = ("client_uri", "logo_uri", "policy_uri", "tos_uri")
"""Addresses that people are shown, or led to."""


class InvalidClientMetadata(OAuth2Error):  # type: ignore[misc]  # oauthlib is untyped
    """RFC 7591 §3.2.2."""

    error = "invalid_client_metadata"


class InvalidRedirectURI(InvalidClientMetadata):
    """RFC 7591 §3.2.2."""

    error = "invalid_redirect_uri"


class InvalidSoftwareStatement(InvalidClientMetadata):
    """RFC 7591 §3.2.2."""

    error = "invalid_software_statement"


class UnapprovedSoftwareStatement(InvalidClientMetadata):
    """RFC 7591 §3.2.2."""

    error = "unapproved_software_statement"


@dataclass(frozen=True)
class Limits:
    """The most that a registration can yield."""

    scopes: tuple[str, ...]
    grant_types: tuple[str, ...]
    audiences: tuple[str, ...]


@dataclass(frozen=True)
class Context:
    """What a ``REGISTRATION_POLICY`` is told beside the metadata.

    ``client`` is ``None`` for a new one; ``initial_access_token`` is the token's note; of
    ``statement_issuer`` the software statement is, whose claims are in the metadata already. Both
    are ``""`` where there is none.
    """

    client: Client | None
    initial_access_token: str
    statement_issuer: str
    ip: str


def default_limits() -> Limits:
    """Those of the settings."""
    return Limits(
        scopes=tuple(oauth_settings.REGISTRATION_SCOPES),
        grant_types=DEFAULT_GRANT_TYPES,
        audiences=tuple(oauth_settings.REGISTRATION_AUDIENCES),
    )


def limits_of(token: InitialAccessToken | None) -> Limits:
    """Those of an initial access token, and of the settings where it says nothing."""
    usual = default_limits()
    if token is None:
        return usual
    return Limits(
        scopes=tuple(token.scopes) or usual.scopes,
        grant_types=tuple(token.grant_types) or usual.grant_types,
        audiences=tuple(token.audiences) or usual.audiences,
    )


def held_by(client: Client) -> Limits:
    """Those of a client that changes itself: never more than it has, so that what an operator has
    taken away stays away."""
    return Limits(tuple(client.scopes), tuple(client.grant_types), tuple(client.audiences))


def policy() -> Callable[[dict[str, Any], Context], dict[str, Any]] | None:
    """The site's own policy. Raises ``ImportError`` for a wrong path."""
    path = oauth_settings.REGISTRATION_POLICY
    return import_string(path) if path else None


def check_storable(metadata: Any) -> None:
    """Refuse what no database keeps alike: control characters, broken Unicode, infinite numbers.

    Raises ``InvalidClientMetadata``.
    """
    try:
        storable = all(_storable(value) for value in _leaves(metadata))
    except RecursionError:
        storable = False
    if not storable:
        raise InvalidClientMetadata(description="The metadata holds characters that nobody needs.")


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield name
            yield from _leaves(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _leaves(inner)
    else:
        yield value


def _storable(value: Any) -> bool:
    if isinstance(value, str):
        return value.isprintable()
    return not isinstance(value, float) or math.isfinite(value)


def apply(client: Client, metadata: Mapping[str, Any], limits: Limits) -> None:
    """Make ``client`` what ``metadata`` says, within ``limits``: all of it, so that what is left
    out falls to its default (RFC 7592 §2.2). The caller saves.

    Raises ``InvalidClientMetadata`` or ``InvalidRedirectURI``.
    """
    check_storable(metadata)
    given = {name: value for name, value in metadata.items() if value is not None}
    method = _auth_method(given)
    public = method == "none"
    client.client_type = Client.CLIENT_PUBLIC if public else Client.CLIENT_CONFIDENTIAL
    client.token_endpoint_auth_methods = [method]
    client.grant_types = _grant_types(given, limits)
    client.redirect_uris = " ".join(_uris(given, "redirect_uris"))
    client.post_logout_redirect_uris = " ".join(_uris(given, "post_logout_redirect_uris"))
    client.scopes = _scopes(given, limits)
    client.audiences = list(limits.audiences)
    client.name = _text(given, "client_name", NAME_MAX_LENGTH)
    client.contacts = _texts(given, "contacts")
    for column in COLUMNS:
        default = Client._meta.get_field(column).get_default()  # type: ignore[union-attr]
        setattr(client, column, _text(given, column) or default)
    receiver = client.registered("security_event_uri")
    client.metadata = _further(client, given)
    if client.registered("security_event_uri") != receiver:
        client.security_event_secret = None  # what an operator gave for one address is for no other
    for name in PAGES:
        setattr(client, name, _page(client, given, name))
    _check(client)


def _check(client: Client) -> None:
    """The client's own rules, told in the errors of RFC 7591. Uniqueness is the database's."""
    try:
        client.full_clean(validate_unique=False)
    except ValidationError as error:
        raise _told(error) from None


def check_sector(client: Client) -> None:
    """Ask the ``sector_identifier_uri``, if there is one. Raises ``InvalidClientMetadata``."""
    try:
        pairwise.check_sector(client)
    except ValidationError as error:
        raise _told(error) from None


def _told(error: ValidationError) -> InvalidClientMetadata:
    problems = error.message_dict
    kind = InvalidRedirectURI if "redirect_uris" in problems else InvalidClientMetadata
    words = "; ".join(
        f"{name}: {' '.join(texts)}" if name != "__all__" else " ".join(texts)
        for name, texts in problems.items()
    )
    return kind(description=_describable(words))


def _describable(words: str) -> str:
    """What may stand in an ``error_description`` (RFC 6749 §5.2)."""
    plain = words.translate({0x22: "'", 0x5C: "/", 0x201C: "'", 0x201D: "'", 0x2019: "'"})
    return "".join(char if " " <= char <= "~" else "?" for char in plain)[:500]


def _text(given: Mapping[str, Any], name: str, longest: int = 2000) -> str:
    value = given.get(name, "")
    if not isinstance(value, str) or len(value) > longest:
        raise InvalidClientMetadata(description=f"{name} is not a text of usable length.")
    return value


def _auth_method(given: Mapping[str, Any]) -> str:
    from .client_authentication import methods  # which itself asks for clients by documents

    method = _text(given, "token_endpoint_auth_method") or "client_secret_basic"
    if method not in methods():
        raise InvalidClientMetadata(
            description=f"token_endpoint_auth_method: choose from: {', '.join(methods())}"
        )
    return method


def _texts(given: Mapping[str, Any], name: str, error: Any = InvalidClientMetadata) -> list[str]:
    values = given.get(name, [])
    if not isinstance(values, list) or not all(isinstance(each, str) and each for each in values):
        raise error(description=f"{name} is not a list of texts.")
    if len(values) > MANY or max(map(len, values), default=0) > 2000:
        raise error(description=f"{name} is too much.")
    return list(dict.fromkeys(values))


def _uris(given: Mapping[str, Any], name: str) -> list[str]:
    """URIs, of which the client's own rules judge each as such."""
    error = InvalidRedirectURI if name == "redirect_uris" else InvalidClientMetadata
    uris = _texts(given, name, error)
    if any(" " in uri for uri in uris):  # they are kept in one text, by space
        raise error(description=f"{name} holds a space.")
    return uris


def _grant_types(given: Mapping[str, Any], limits: Limits) -> list[str]:
    asked = _texts(given, "grant_types") if "grant_types" in given else ["authorization_code"]
    if refused := [each for each in asked if each not in limits.grant_types]:
        instead = "; use authorization_code with PKCE" if "implicit" in refused else ""
        raise InvalidClientMetadata(
            description=_describable(f"grant_types: not to be had: {', '.join(refused)}{instead}")
        )
    return asked


def _response_types(given: Mapping[str, Any], grant_types: list[str]) -> list[str]:
    """Those beside ``code`` alone, which is the default (RFC 7591 §2)."""
    asked = _texts(given, "response_types") if "response_types" in given else []
    for each in asked:
        if each not in RESPONSE_TYPES:
            raise InvalidClientMetadata(
                description=f"response_types: choose from: {', '.join(RESPONSE_TYPES)}"
            )
    if asked and "authorization_code" not in grant_types:
        raise InvalidClientMetadata(description="response_types need authorization_code.")
    return [] if asked == ["code"] else asked


def _scopes(given: Mapping[str, Any], limits: Limits) -> list[str]:
    """Of what was asked for, what may be had; all that may be had where nothing was asked.

    Raises ``InvalidClientMetadata`` if that leaves nothing.
    """
    asked = scopes.parse(_text(given, "scope"))
    allowed = [scope for scope in limits.scopes if scope in scopes.descriptions()]
    granted = [scope for scope in allowed if scope in asked] if asked else allowed
    if asked and not granted:
        raise InvalidClientMetadata(description="scope: none of these is to be had.")
    return granted


def _further(client: Client, given: Mapping[str, Any]) -> dict[str, Any]:
    """What is kept by its name, each judged by the client's own rules. What an operator has set
    that is theirs alone stays."""
    if "jwks" in given and "jwks_uri" in given:
        raise InvalidClientMetadata(description="Give jwks or jwks_uri, not both.")
    kept = {
        name: given[name]
        for name, known in METADATA.items()
        if known.registrable and name in given and given[name] != known.empty
    }
    kept |= {
        name: value
        for name, value in client.metadata.items()
        if not METADATA[name].registrable and name != LOCALIZED_NAMES
    }
    kept.pop("response_types", None)
    if further := _response_types(given, client.grant_types):
        kept["response_types"] = further
    if named := _localized_names(given):
        kept[LOCALIZED_NAMES] = named
    return kept


def _localized_names(given: Mapping[str, Any]) -> dict[str, str]:
    """Names of languages we can't tell are left out (RFC 7591 §2.2)."""
    found = {
        name.partition("#")[2]: _text(given, name, NAME_MAX_LENGTH)
        for name in given
        if name.startswith("client_name#")
    }
    usable = {tag: name for tag, name in found.items() if name and LANGUAGE_TAG.fullmatch(tag)}
    return dict(list(usable.items())[:LANGUAGES_MAX])


def _page(client: Client, given: Mapping[str, Any], name: str) -> str:
    """An address that people are shown, if it is at a host to which the application leads anyway:
    a link to somebody else's terms would lend it a good name. Another is left out."""
    address = _text(given, name, 200)
    if not address:
        return ""
    if not is_address(address):
        raise InvalidClientMetadata(description=f"{name} is not an https address.")
    own = {_host(uri) for uri in (client.client_id, *client.redirect_uris.split())} - {""}
    return address if _host(address) in own else ""


def _host(uri: str) -> str:
    """The host of a web address, ``""`` for anything else."""
    parts = urlsplit(uri)
    return (parts.hostname or "") if parts.scheme in ("https", "http") else ""


def registered(client: Client) -> dict[str, Any]:
    """All that is registered, by its registered names (RFC 7591 §3.2.1)."""
    method = client.auth_methods[0]
    told: dict[str, Any] = {
        "client_id": client.client_id,
        "client_id_issued_at": int(client.created.timestamp()),
        "client_name": client.name,
        "redirect_uris": client.redirect_uris.split(),
        "post_logout_redirect_uris": client.post_logout_redirect_uris.split(),
        "grant_types": client.grant_types,
        "response_types": ["code"] if client.may_use("authorization_code") else [],
        "token_endpoint_auth_method": method,
        "scope": " ".join(client.scopes),
        "contacts": client.contacts,
        **{name: getattr(client, name) for name in (*COLUMNS, *PAGES)},
        **{
            f"client_name#{tag}": name
            for tag, name in (client.registered(LOCALIZED_NAMES) or {}).items()
        },
        **{name: value for name, value in client.metadata.items() if METADATA[name].registrable},
    }
    return {
        name: value
        for name, value in told.items()
        if value not in ("", []) or name in ("redirect_uris", "response_types", "grant_types")
    }


def needs_secret(client: Client) -> bool:
    """Whether it authenticates by a secret, or is answered by signatures with one."""
    by_secret = any(method.startswith("client_secret_") for method in client.auth_methods)
    return by_secret or client.keeps_secret_readable


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """The names whose ``registered`` values differ, for the log."""
    return sorted(
        name for name in before.keys() | after.keys() if before.get(name) != after.get(name)
    )


def settle_secret(client: Client) -> None:
    """Give ``client`` a secret (``fresh_secret``) where it needs one that it lacks, and take away
    one that it no longer needs. The caller saves."""
    if not needs_secret(client):
        client.secret_hash = client.previous_secret_hash = ""
        client.readable_secret = client.previous_readable_secret = None
        client.previous_secret_expires_at = None
    elif not client.secret_hash or (client.keeps_secret_readable and not client.readable_secret):
        client.rotate_secret(timedelta(0))


WRITTEN = (
    *("name", "client_type", "token_endpoint_auth_methods", "grant_types", "redirect_uris"),
    *("post_logout_redirect_uris", "scopes", "audiences", "contacts", "metadata"),
    *COLUMNS,
    *PAGES,
    *("secret_hash", "previous_secret_hash", "readable_secret", "previous_readable_secret"),
    *("previous_secret_expires_at", "updated"),
)
"""The columns that registration writes: whoever saves a client that is known writes no other, so
that what an operator does meanwhile, such as switching it off, is not undone."""
