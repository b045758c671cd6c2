"""Client metadata beyond the columns of ``Client``: one table of names, kinds and defaults.

The names are those of IANA's registry (RFC 7591 §2, OpenID Connect Registration §2, and the
specification named at each). They are kept in ``Client.metadata``, checked here, and read by
``client.registered(name)``; the admin's form is made from this table.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any
from urllib.parse import urlsplit

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ostiary import accent

from . import display_text, jwk_set
from .jwk import ALGORITHMS, ENCRYPTION_ALGS, ENCRYPTION_ENCS, spellings
from .redirect_uri import is_authority

SIGNING_ALGS = ALGORITHMS
CLIENT_SIGNING_ALGS = spellings(SIGNING_ALGS)
"""Of what clients sign, where newer ones have a name of their own for one."""
HMAC_ALG = "HS256"
ENCRYPTED = ("id_token", "userinfo", "authorization", "introspection")
"""The answers that can be encrypted to a client."""
RESPONSE_TYPES = ("code", "code id_token")
PROFILES = ("oauth21", "fapi2")
TEXT_MAX_LENGTH = 2000
NAME_MAX_LENGTH = 255
LANGUAGES_MAX = 50
_PLAIN = re.compile(r"[\x21-\x7e]+")
LANGUAGE_TAG = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,4}")
NUMBER_MAX = 10 * 365 * 24 * 3600


class Kind(Enum):
    """What a value is, in JSON."""

    FLAG = auto()
    URL = auto()
    TEXT = auto()
    NUMBER = auto()
    CHOICE = auto()
    SET = auto()
    JWKS = auto()
    TEXTS = auto()
    COLOUR = auto()


EMPTY: dict[Kind, Any] = {
    Kind.FLAG: False,
    Kind.URL: "",
    Kind.TEXT: "",
    Kind.NUMBER: None,
    Kind.CHOICE: "",
    Kind.SET: (),
    Kind.JWKS: None,
    Kind.TEXTS: None,
    Kind.COLOUR: "",
}


class Topic(Enum):
    """Where the operator finds it."""

    PROOF = gettext_lazy("Authentication")
    REQUEST = gettext_lazy("Requests")
    TOKENS = gettext_lazy("Tokens")
    LOGOUT = gettext_lazy("Sign-out")
    ERASURE = gettext_lazy("Account deletion")
    ABOUT = gettext_lazy("About")


@dataclass(frozen=True)
class Metadatum:
    """One registered name; ``choices`` bound a choice or a set. What is not ``registrable`` is the
    operator's alone to set: an application that registers itself is not heard on it."""

    name: str
    kind: Kind
    topic: Topic
    label: Any
    choices: tuple[str, ...] = ()
    help: Any = ""
    registrable: bool = True

    @property
    def empty(self) -> Any:
        """The value of a client that registered none."""
        return EMPTY[self.kind]


def _encrypted(what: str, label: Any) -> tuple[Metadatum, Metadatum]:
    """The pair of names by which a client asks for an encrypted answer (RFC 7516)."""
    return (
        Metadatum(
            f"{what}_encrypted_response_alg",
            Kind.CHOICE,
            Topic.TOKENS,
            label,
            ENCRYPTION_ALGS,
            help=gettext_lazy(
                "Key management algorithm, with a key of the application. Empty for none."
            ),
        ),
        Metadatum(
            f"{what}_encrypted_response_enc",
            Kind.CHOICE,
            Topic.TOKENS,
            gettext_lazy("Content encryption"),
            ENCRYPTION_ENCS,
        ),
    )


METADATA: dict[str, Metadatum] = {
    known.name: known
    for known in (
        # Its keys (RFC 7591 §2)
        Metadatum(
            "jwks_uri",
            Kind.URL,
            Topic.PROOF,
            gettext_lazy("JWKS URL"),
            help=gettext_lazy(
                "Where the application publishes its public keys. Or enter the keys below."
            ),
        ),
        Metadatum("jwks", Kind.JWKS, Topic.PROOF, gettext_lazy("Public keys (JWK Set)")),
        # Proof (RFC 7523, RFC 8705, RFC 9449, FAPI 2.0)
        Metadatum(
            "token_endpoint_auth_signing_alg",
            Kind.CHOICE,
            Topic.PROOF,
            gettext_lazy("Assertion signing algorithm"),
            (*CLIENT_SIGNING_ALGS, HMAC_ALG),
            help=gettext_lazy("Empty for any that the authentication method allows."),
        ),
        *(
            Metadatum(f"tls_client_auth_{name}", Kind.TEXT, Topic.PROOF, label)
            for name, label in (
                ("subject_dn", gettext_lazy("Certificate subject")),
                ("san_dns", gettext_lazy("Certificate DNS name")),
                ("san_uri", gettext_lazy("Certificate URI")),
                ("san_ip", gettext_lazy("Certificate IP address")),
                ("san_email", gettext_lazy("Certificate email address")),
            )
        ),
        Metadatum(
            "dpop_bound_access_tokens",
            Kind.FLAG,
            Topic.PROOF,
            gettext_lazy("Require DPoP"),
            help=gettext_lazy("Tokens are only issued with proof of a key (RFC 9449)."),
        ),
        Metadatum(
            "tls_client_certificate_bound_access_tokens",
            Kind.FLAG,
            Topic.PROOF,
            gettext_lazy("Certificate-bound access tokens"),
            help=gettext_lazy(
                "Access tokens only work over a connection with the client certificate (RFC 8705)."
            ),
        ),
        Metadatum(
            "security_profile",
            Kind.CHOICE,
            Topic.PROOF,
            gettext_lazy("Security profile"),
            PROFILES,
            help=gettext_lazy("With “fapi2”, what is missing is listed."),
            registrable=False,
        ),
        # The authorization request (RFC 9101, RFC 9126, JARM, OpenID Connect Registration §2)
        Metadatum(
            "response_types",
            Kind.SET,
            Topic.REQUEST,
            gettext_lazy("Response types"),
            RESPONSE_TYPES,
            help=gettext_lazy(
                "None selected (recommended): code only (RFC 9700 §2.1.2). “code id_token” sends "
                "an ID token through the browser, where others may read it. Only for an "
                "application that must check the response before it redeems the code."
            ),
        ),
        Metadatum(
            "require_pushed_authorization_requests",
            Kind.FLAG,
            Topic.REQUEST,
            gettext_lazy("Require pushed requests (PAR)"),
            help=gettext_lazy("Only accept authorization requests that were pushed (RFC 9126)."),
        ),
        Metadatum(
            "require_signed_request_object",
            Kind.FLAG,
            Topic.REQUEST,
            gettext_lazy("Require signed requests"),
        ),
        Metadatum(
            "request_object_signing_alg",
            Kind.CHOICE,
            Topic.REQUEST,
            gettext_lazy("Request object signing algorithm"),
            CLIENT_SIGNING_ALGS,
            help=gettext_lazy("Empty for any."),
        ),
        Metadatum(
            "authorization_signed_response_alg",
            Kind.CHOICE,
            Topic.REQUEST,
            gettext_lazy("Signed response algorithm (JARM)"),
            SIGNING_ALGS,
        ),
        Metadatum(
            "default_max_age",
            Kind.NUMBER,
            Topic.REQUEST,
            gettext_lazy("Max age"),
            help=gettext_lazy("Seconds. Used if the request has no max_age. Empty: no limit."),
        ),
        Metadatum(
            "initiate_login_uri",
            Kind.URL,
            Topic.REQUEST,
            gettext_lazy("Initiate login URI"),
        ),
        # Tokens and answers (OpenID Connect Registration §2, RFC 9701)
        Metadatum(
            "sector_identifier_uri",
            Kind.URL,
            Topic.TOKENS,
            gettext_lazy("Sector identifier URI"),
            help=gettext_lazy("A URL that lists all redirect URIs (OIDC Core §8.1)."),
        ),
        Metadatum(
            "userinfo_signed_response_alg",
            Kind.CHOICE,
            Topic.TOKENS,
            gettext_lazy("Signed UserInfo algorithm"),
            (*SIGNING_ALGS, HMAC_ALG),
            help=gettext_lazy("Empty: UserInfo is plain JSON."),
        ),
        Metadatum(
            "introspection_signed_response_alg",
            Kind.CHOICE,
            Topic.TOKENS,
            gettext_lazy("Signed introspection algorithm"),
            SIGNING_ALGS,
        ),
        Metadatum(
            "multiple_audiences",
            Kind.FLAG,
            Topic.TOKENS,
            gettext_lazy("Allow one token for several APIs"),
            help=gettext_lazy("Each API could use the token at the others (RFC 8707 §3)."),
            registrable=False,
        ),
        *_encrypted("id_token", gettext_lazy("ID token encryption algorithm")),
        *_encrypted("userinfo", gettext_lazy("UserInfo encryption algorithm")),
        *_encrypted("authorization", gettext_lazy("Authorization response encryption algorithm")),
        *_encrypted("introspection", gettext_lazy("Introspection encryption algorithm")),
        # Logout (Back-Channel Logout §2.2, Front-Channel Logout §2)
        Metadatum(
            "backchannel_logout_uri",
            Kind.URL,
            Topic.LOGOUT,
            gettext_lazy("Back-channel logout URL"),
            help=gettext_lazy("We notify this URL, server to server, when a session ends."),
        ),
        Metadatum(
            "backchannel_logout_session_required",
            Kind.FLAG,
            Topic.LOGOUT,
            gettext_lazy("Back-channel logout requires sid"),
        ),
        Metadatum(
            "frontchannel_logout_uri",
            Kind.URL,
            Topic.LOGOUT,
            gettext_lazy("Front-channel logout URL"),
            help=gettext_lazy("Loaded in a frame on our sign-out page."),
        ),
        Metadatum(
            "frontchannel_logout_session_required",
            Kind.FLAG,
            Topic.LOGOUT,
            gettext_lazy("Front-channel logout requires iss and sid"),
        ),
        # Security event tokens (RFC 8417); a name of ours, for want of a registered one
        Metadatum(
            "security_event_uri",
            Kind.URL,
            Topic.ERASURE,
            gettext_lazy("Security event receiver URL"),
            help=gettext_lazy(
                "We push a token to this URL when a user it knows is deleted (RFC 8935)."
            ),
        ),
        # The software (RFC 7591 §2; names in other languages come as client_name#de, §2.2)
        Metadatum(
            "localized_client_names",
            Kind.TEXTS,
            Topic.ABOUT,
            gettext_lazy("Names in other languages"),
            help=gettext_lazy('Such as {"de": "Mein Programm"}.'),
            registrable=False,
        ),
        # Its look on the pages on which people sign in to it: ours, and the operator's to give
        Metadatum(
            "branded_pages",
            Kind.FLAG,
            Topic.ABOUT,
            gettext_lazy("Its own look on sign-in pages"),
            help=gettext_lazy(
                "Its accent color, terms of service and privacy policy replace those of this site "
                "on the pages where users sign in to it. Not for applications that registered "
                "themselves."
            ),
            registrable=False,
        ),
        Metadatum(
            "accent_color",
            Kind.COLOUR,
            Topic.ABOUT,
            gettext_lazy("Accent color"),
            help=gettext_lazy(
                "Such as #14574b. A shade that’s hard to read is adjusted, for light and for dark "
                "pages each."
            ),
            registrable=False,
        ),
        Metadatum("software_id", Kind.TEXT, Topic.ABOUT, gettext_lazy("Software ID")),
        Metadatum("software_version", Kind.TEXT, Topic.ABOUT, gettext_lazy("Software version")),
    )
}


def problems(given: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The name and what is wrong with its value, in words, for each that can't be registered."""
    for name, value in given.items():
        known = METADATA.get(name)
        if known is None:
            yield name, _("not known")
        elif value != known.empty and (wrong := _problem(known, value)):
            yield name, wrong
    for name in ENCRYPTED:
        alg, enc = (given.get(f"{name}_encrypted_response_{member}") for member in ("alg", "enc"))
        if enc and not alg:
            yield f"{name}_encrypted_response_enc", _("needs an algorithm for its key")
        if alg and not (given.get("jwks") or given.get("jwks_uri")):
            yield f"{name}_encrypted_response_alg", _("needs the application's keys")


def problem(name: str, value: Any) -> str:
    """What is wrong with the value of one name, in words; ``""`` if nothing is."""
    return _problem(METADATA[name], value)


def _problem(known: Metadatum, value: Any) -> str:
    kind = known.kind
    if kind is Kind.FLAG and not isinstance(value, bool):
        return _("not true or false")
    if kind is Kind.NUMBER and not (
        isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= NUMBER_MAX
    ):
        return _("not a number of usable size")
    if kind is Kind.SET and not (
        isinstance(value, list) and all(each in known.choices for each in value)
    ):
        return _("choose from: %s") % ", ".join(known.choices)
    if kind in (Kind.URL, Kind.TEXT, Kind.CHOICE):
        return _problem_of_text(known, value)
    if kind is Kind.JWKS:
        return jwk_set.problem(value)
    if kind is Kind.TEXTS:
        return _problem_of_texts(value)
    if kind is Kind.COLOUR and not (isinstance(value, str) and accent.parse(value)):
        return _("not a color such as #14574b")
    return ""


def _problem_of_text(known: Metadatum, value: Any) -> str:
    if not isinstance(value, str):
        return _("not a text")
    if len(value) > TEXT_MAX_LENGTH:
        return _("longer than %s characters") % TEXT_MAX_LENGTH
    if known.kind is Kind.URL and not is_address(value):
        return _("not an https address")
    if known.kind is Kind.CHOICE and value not in known.choices:
        return _("choose from: %s") % ", ".join(known.choices)
    return display_text.problem(value)


def is_address(value: str) -> bool:
    """https, or http on this machine, without a fragment or user name; the host is one that can
    stand in a Content-Security-Policy as it is."""
    try:
        parts = urlsplit(value)
        parts.port  # noqa: B018  (raises ValueError where it is no port)
    except ValueError:
        return False
    local = parts.scheme == "http" and parts.hostname in ("localhost", "127.0.0.1", "::1")
    return bool(
        (parts.scheme == "https" or local)
        and is_authority(parts.netloc)
        and _PLAIN.fullmatch(value)
        and not set("#\\") & set(value)
    )


def problem_of_name(name: Any) -> str:
    """What is wrong with a name that people are shown, in words; ``""`` if nothing is."""
    if not isinstance(name, str):
        return _("not a text")
    if len(name) > NAME_MAX_LENGTH:
        return _("longer than %s characters") % NAME_MAX_LENGTH
    if display_text.is_blank(name):
        return _("no visible characters")
    return display_text.problem(name)


def _problem_of_texts(value: Any) -> str:
    """Names by language tags (RFC 5646)."""
    if not isinstance(value, dict) or len(value) > LANGUAGES_MAX:
        return _("not a text for each language")
    for tag, text in value.items():
        if not LANGUAGE_TAG.fullmatch(tag):
            return _("not a text for each language")
        if wrong := problem_of_name(text):
            return f"{tag}: {wrong}"
    return ""
