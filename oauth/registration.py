"""Client metadata in, a client out (RFC 7591 §2, OpenID Connect Registration §2).

Pure but for ``check_sector``: nothing is saved here. Names that are not in these tables are
ignored, as RFC 7591 §2 says: so nothing can be registered that is an operator's to give, such as
being first-party, lifetimes or a weaker revocation policy.

What is asked for and can't be had is left out, where something usable is left; refused is what
could never work, and what would be a danger, so that whoever wrote it learns of it at once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.utils import translation
from django.utils.module_loading import import_string

from . import (
    auth_methods,
    client_metadata,
    display_text,
    jwk_set,
    mtls,
    pairwise,
    redirect_uri,
    scopes,
)
from .client_metadata import (
    LANGUAGE_TAG,
    LANGUAGES_MAX,
    METADATA,
    RESPONSE_TYPES,
    is_address,
    problem_of_name,
)
from .conf import oauth_settings
from .explanation import printable
from .models import Client, InitialAccessToken
from .registration_errors import (
    InvalidClientMetadata,
    InvalidRedirectURI,
    InvalidSoftwareStatement,
    UnapprovedSoftwareStatement,
)
from .registration_request import LOCALIZED_NAME, RegistrationRequest

__all__ = [
    "InvalidClientMetadata",
    "InvalidRedirectURI",
    "InvalidSoftwareStatement",
    "UnapprovedSoftwareStatement",
]  # which a policy raises

DEFAULT_GRANT_TYPES = ("authorization_code", "refresh_token")
"""What an application may use that no operator has looked at."""
COLUMNS = ("id_token_signed_response_alg", "subject_type")
TOLD_AS = {"name": "client_name", "token_endpoint_auth_methods": "token_endpoint_auth_method"}
"""The columns that are registered under another name."""
LOCALIZED_NAMES = "localized_client_names"
"""Registered as ``client_name#de`` and so on (RFC 7591 §2.2)."""
PAGES = ("client_uri", "logo_uri", "policy_uri", "tos_uri")
"""Addresses that people are shown, or led to."""
ABOUT_IT = ("software_id", "software_version")
"""What nothing depends on."""
BY_CERTIFICATE = "tls_client_certificate_bound_access_tokens"


@dataclass(frozen=True)
class Limits:
    """The most that a registration can yield."""

    scopes: tuple[str, ...]
    grant_types: tuple[str, ...]
    audiences: tuple[str, ...]
    auth_methods: tuple[str, ...]


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
        auth_methods=tuple(auth_methods.offered()),
    )


def limits_of(token: InitialAccessToken | None) -> Limits:
    """Those of an initial access token, and of the settings where it says nothing."""
    usual = default_limits()
    if token is None:
        return usual
    return replace(
        usual,
        scopes=tuple(token.scopes) or usual.scopes,
        grant_types=tuple(token.grant_types) or usual.grant_types,
        audiences=tuple(token.audiences) or usual.audiences,
    )


def held_by(client: Client) -> Limits:
    """Those of a client that changes itself: never more than it has, so that what an operator has
    taken away stays away."""
    return replace(
        default_limits(),
        scopes=tuple(client.scopes),
        grant_types=tuple(client.grant_types),
        audiences=tuple(client.audiences),
    )


def policy() -> Callable[[dict[str, Any], Context], dict[str, Any]] | None:
    """The site's own policy. Raises ``ImportError`` for a wrong path."""
    path = oauth_settings.REGISTRATION_POLICY
    return import_string(path) if path else None


def apply(client: Client, metadata: Mapping[str, Any], limits: Limits) -> dict[str, list[str]]:
    """Make ``client`` what ``metadata`` says, within ``limits``: all of it, so that what is left
    out falls to its default (RFC 7592 §2.2). The caller saves.

    Returns what of it is not registered, with the reasons, by the names of the members: one server
    doesn't have all that software for many asks for (RFC 7591 §2). Raises ``InvalidClientMetadata``
    or ``InvalidRedirectURI`` where nothing usable would be left, or it could never work.
    """
    with translation.override(None):  # these words are for developers
        given = RegistrationRequest(metadata)
        method = _auth_method(given, limits)
        public = method == "none"
        client.client_type = Client.CLIENT_PUBLIC if public else Client.CLIENT_CONFIDENTIAL
        client.token_endpoint_auth_methods = [method]
        client.grant_types = _grant_types(given, limits, public=public)
        client.redirect_uris = " ".join(_redirect_uris(given, client.grant_types))
        client.post_logout_redirect_uris = " ".join(_uris(given, "post_logout_redirect_uris"))
        client.scopes = _scopes(given, client.grant_types, limits)
        client.audiences = list(limits.audiences)
        client.name = _name(given)
        client.contacts = _contacts(given)
        for column in COLUMNS:
            setattr(client, column, _column(given, column))
        receiver = client.registered("security_event_uri")
        client.metadata = _further(client, given)
        if client.registered("security_event_uri") != receiver:
            client.security_event_secret = None  # what was given for one address is for no other
        for name in PAGES:
            setattr(client, name, _page(client, given, name))
        _check(client)
    return given.left_out


def _check(client: Client) -> None:
    """The client's own rules, told in the errors of RFC 7591. Uniqueness is the database's."""
    try:
        client.full_clean(validate_unique=False)
    except ValidationError as error:
        raise _told(error) from None


def check_sector(client: Client) -> None:
    """Ask the ``sector_identifier_uri``, if there is one. Raises ``InvalidClientMetadata``."""
    try:
        with translation.override(None):
            pairwise.check_sector(client)
    except ValidationError as error:
        raise _told(error) from None


def _told(error: ValidationError) -> InvalidClientMetadata:
    problems = error.message_dict
    kind = InvalidRedirectURI if "redirect_uris" in problems else InvalidClientMetadata
    return kind(
        description="; ".join(
            f"{TOLD_AS.get(name, name)}: {' '.join(texts)}"
            if name != "__all__"
            else " ".join(texts)
            for name, texts in problems.items()
        )
    )


def _auth_method(given: RegistrationRequest, limits: Limits) -> str:
    """The method asked for, or else one of those that the application also has
    (OpenID Connect Relying Party Metadata Choices §2)."""
    asked = given.text("token_endpoint_auth_method") or "client_secret_basic"
    if asked in limits.auth_methods:
        return asked
    why = f"choose from {', '.join(limits.auth_methods)}"
    others = given.get("token_endpoint_auth_methods_supported")
    for other in others if isinstance(others, list) else ():
        if other in limits.auth_methods:
            given.leave_out("token_endpoint_auth_method", asked, why)
            return str(other)
    raise InvalidClientMetadata(
        description=f"token_endpoint_auth_method: {printable(asked)} isn't available; {why}."
    )


def _grant_types(given: RegistrationRequest, limits: Limits, *, public: bool) -> list[str]:
    asked = given.texts("grant_types") or ["authorization_code"]
    offered = [each for each in limits.grant_types if not (public and each == "client_credentials")]
    usable = given.among("grant_types", asked, offered)
    if usable == ["refresh_token"]:  # which only goes on with what another began
        given.leave_out("grant_types", "refresh_token", "of no use alone")
        usable = []
    if not usable:
        instead = f"Choose from: {', '.join(offered)}."
        if "implicit" in asked:
            instead += " Instead of implicit use authorization_code with PKCE."
        raise InvalidClientMetadata(description=given.nothing_left("grant_types", instead))
    return usable


def _redirect_uris(given: RegistrationRequest, grant_types: list[str]) -> list[str]:
    usable = []
    is_web = given.get("application_type") == "web"
    for uri in _uris(given, "redirect_uris"):
        if is_web and urlsplit(uri).scheme not in ("https", "http"):
            why = "a private-use scheme is for application_type native"
            given.leave_out("redirect_uris", uri, why)
        else:
            usable.append(uri)
    if "authorization_code" in grant_types and not usable and "redirect_uris" in given.left_out:
        instead = "Register https, http on a loopback address, or a private-use scheme."
        raise InvalidRedirectURI(description=given.nothing_left("redirect_uris", instead))
    return usable


def _uris(given: RegistrationRequest, name: str) -> list[str]:
    usable = []
    for uri in given.texts(name):
        if problem := redirect_uri.why_not_registrable(uri):
            given.leave_out(name, uri, problem)
        else:
            usable.append(uri)
    return usable


def _response_types(given: RegistrationRequest, grant_types: list[str]) -> list[str]:
    """Those beside ``code`` alone, which is the default (RFC 7591 §2)."""
    asked = given.texts("response_types")
    if "authorization_code" not in grant_types:
        for each in asked:
            given.leave_out("response_types", each, "needs the grant type authorization_code")
        return []
    by_parts = {frozenset(each.split()): each for each in RESPONSE_TYPES}  # RFC 6749 §3.1.1
    ours = [by_parts.get(frozenset(each.split()), each) for each in asked]
    usable = given.among("response_types", list(dict.fromkeys(ours)), RESPONSE_TYPES)
    if asked and not usable:
        instead = f"Use code with PKCE; known are: {', '.join(RESPONSE_TYPES)}."
        raise InvalidClientMetadata(description=given.nothing_left("response_types", instead))
    return [] if usable == ["code"] else usable


def _scopes(given: RegistrationRequest, grant_types: list[str], limits: Limits) -> list[str]:
    """Of what was asked for, what may be had; all that may be had where that is nothing."""
    known = scopes.descriptions()
    allowed = [scope for scope in limits.scopes if scope in known]
    if "refresh_token" not in grant_types:  # OIDC Core §11 is about that token alone
        allowed = [scope for scope in allowed if scope != "offline_access"]
    asked = scopes.parse(given.text("scope"))
    return given.among("scope", asked, allowed) or allowed


def _name(given: RegistrationRequest) -> str:
    """What people are shown, ``""`` for none."""
    name = given.text("client_name")
    if display_text.is_blank(name):
        return ""
    _check_name("client_name", name)
    return name


def _check_name(member: str, name: Any) -> None:
    if problem := problem_of_name(name):
        raise InvalidClientMetadata(description=f"{member}: {problem}.")


def _localized_names(given: RegistrationRequest) -> dict[str, str]:
    """Names of languages we can't tell are left out (RFC 7591 §2.2), and those that say nothing."""
    found: dict[str, str] = {}
    for tag, name in given.localized_names():
        said_nothing = isinstance(name, str) and display_text.is_blank(name)
        if said_nothing or not LANGUAGE_TAG.fullmatch(tag) or len(found) == LANGUAGES_MAX:
            continue
        _check_name(f"{LOCALIZED_NAME}{tag}", name)
        found[tag] = name
    return found


def _contacts(given: RegistrationRequest) -> list[str]:
    usable = []
    for contact in given.texts("contacts"):
        if problem := display_text.problem(contact):
            given.leave_out("contacts", "one of them", problem)  # who it is, no log tells
        else:
            usable.append(contact)
    return usable


def _column(given: RegistrationRequest, name: str) -> str:
    field = Client._meta.get_field(name)
    choices = [value for value, _label in field.choices]  # type: ignore[union-attr]
    value = given.text(name) or str(field.get_default())  # type: ignore[union-attr]
    if value not in choices:
        raise InvalidClientMetadata(
            description=f"{name}: {printable(value)} isn't available; choose from "
            f"{', '.join(choices)}."
        )
    return value


def _further(client: Client, given: RegistrationRequest) -> dict[str, Any]:
    """What is kept by its name, each judged by the client's own rules. What an operator has set
    that is theirs alone stays."""
    if "jwks" in given and "jwks_uri" in given:
        raise InvalidClientMetadata(description="Give jwks or jwks_uri, not both.")
    kept = {
        name: jwk_set.known(given[name]) if name == "jwks" else given[name]
        for name, known in METADATA.items()
        if known.registrable and name in given and given[name] != known.empty
    }
    kept.pop("response_types", None)
    wrong = {
        name: problem
        for name, value in kept.items()
        if (problem := client_metadata.problem(name, value))
    }
    for name in wrong.keys() & {*ABOUT_IT}:
        given.leave_out(name, kept.pop(name), wrong.pop(name))
    if kept.get(BY_CERTIFICATE) is True and not mtls.supported():
        del kept[BY_CERTIFICATE]
        given.leave_out(BY_CERTIFICATE, "true", "this server sees no certificates")
    if wrong:
        raise InvalidClientMetadata(
            description="; ".join(f"{name}: {problem}" for name, problem in wrong.items())
        )
    kept |= {
        name: value
        for name, value in client.metadata.items()
        if not METADATA[name].registrable and name != LOCALIZED_NAMES
    }
    if further := _response_types(given, client.grant_types):
        kept["response_types"] = further
    if named := _localized_names(given):
        kept[LOCALIZED_NAMES] = named
    return kept


def _page(client: Client, given: RegistrationRequest, name: str) -> str:
    """An address that people are shown, if it is at a host to which the application leads anyway:
    a link to somebody else's terms would lend it a good name. Another is left out."""
    if name not in given:
        return ""
    address = given[name]
    own = {_host(uri) for uri in (client.client_id, *client.redirect_uris.split())} - {""}
    if not isinstance(address, str) or not is_address(address):
        given.leave_out(name, address, "not an https address")
    elif _host(address) not in own:
        given.leave_out(name, address, "not at a host of its redirect URIs")
    else:
        try:
            return str(Client._meta.get_field(name).clean(address, client))  # type: ignore[union-attr]
        except ValidationError as error:
            given.leave_out(name, address, " ".join(error.messages))
    return ""


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
