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

    PROOF = gettext_lazy("Who it proves to be")
    REQUEST = gettext_lazy("How it asks")
    TOKENS = gettext_lazy("Tokens")
    LOGOUT = gettext_lazy("When people sign out")
    ERASURE = gettext_lazy("When people are erased")
    ABOUT = gettext_lazy("About it")


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
            help=gettext_lazy("Key management algorithm, to a key of its own; empty for none."),
        ),
        Metadatum(
            f"{what}_encrypted_response_enc",
            Kind.CHOICE,
            Topic.TOKENS,
            gettext_lazy("… with content encryption"),
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
            gettext_lazy("Address of its keys"),
            help=gettext_lazy("Where it publishes its public keys, or else the keys below."),
        ),
        Metadatum("jwks", Kind.JWKS, Topic.PROOF, gettext_lazy("Its public keys (JWK Set)")),
        # Proof (RFC 7523, RFC 8705, RFC 9449, FAPI 2.0)
        Metadatum(
            "token_endpoint_auth_signing_alg",
            Kind.CHOICE,
            Topic.PROOF,
            gettext_lazy("Algorithm of its assertions"),
            (*CLIENT_SIGNING_ALGS, HMAC_ALG),
            help=gettext_lazy("Empty for any that its way of authentication allows."),
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
            gettext_lazy("Access tokens need DPoP"),
            help=gettext_lazy("It gets no token without proof of a key of its own (RFC 9449)."),
        ),
        Metadatum(
            "tls_client_certificate_bound_access_tokens",
            Kind.FLAG,
            Topic.PROOF,
            gettext_lazy("Access tokens are bound to its certificate"),
            help=gettext_lazy("They work only over a connection with that certificate (RFC 8705)."),
        ),
        Metadatum(
            "security_profile",
            Kind.CHOICE,
            Topic.PROOF,
            gettext_lazy("Security profile"),
            PROFILES,
            help=gettext_lazy("“fapi2” is checked as one thing: what is missing is listed."),
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
                "None chosen: code alone, which is what to use (RFC 9700 §2.1.2). “code id_token” "
                "sends an ID token through the browser, where others may read it; it is for an "
                "application that must check the answer before it redeems the code."
            ),
        ),
        Metadatum(
            "require_pushed_authorization_requests",
            Kind.FLAG,
            Topic.REQUEST,
            gettext_lazy("Requests must be pushed"),
            help=gettext_lazy("It may send people only with a request that it pushed (RFC 9126)."),
        ),
        Metadatum(
            "require_signed_request_object",
            Kind.FLAG,
            Topic.REQUEST,
            gettext_lazy("Requests must be signed"),
        ),
        Metadatum(
            "request_object_signing_alg",
            Kind.CHOICE,
            Topic.REQUEST,
            gettext_lazy("Algorithm of its request objects"),
            CLIENT_SIGNING_ALGS,
            help=gettext_lazy("Empty for any."),
        ),
        Metadatum(
            "authorization_signed_response_alg",
            Kind.CHOICE,
            Topic.REQUEST,
            gettext_lazy("Algorithm of signed answers (JARM)"),
            SIGNING_ALGS,
        ),
        Metadatum(
            "default_max_age",
            Kind.NUMBER,
            Topic.REQUEST,
            gettext_lazy("Sign-in is at most so old"),
            help=gettext_lazy("Seconds, where the request says nothing; empty for any age."),
        ),
        Metadatum(
            "initiate_login_uri",
            Kind.URL,
            Topic.REQUEST,
            gettext_lazy("Where it begins a sign-in"),
        ),
        # Tokens and answers (OpenID Connect Registration §2, RFC 9701)
        Metadatum(
            "sector_identifier_uri",
            Kind.URL,
            Topic.TOKENS,
            gettext_lazy("Sector of its pairwise subjects"),
            help=gettext_lazy("An address that lists all its redirect URIs (OIDC Core §8.1)."),
        ),
        Metadatum(
            "userinfo_signed_response_alg",
            Kind.CHOICE,
            Topic.TOKENS,
            gettext_lazy("Algorithm of signed UserInfo"),
            (*SIGNING_ALGS, HMAC_ALG),
            help=gettext_lazy("Empty: UserInfo is plain JSON."),
        ),
        Metadatum(
            "introspection_signed_response_alg",
            Kind.CHOICE,
            Topic.TOKENS,
            gettext_lazy("Algorithm of signed introspection"),
            SIGNING_ALGS,
        ),
        Metadatum(
            "multiple_audiences",
            Kind.FLAG,
            Topic.TOKENS,
            gettext_lazy("May get one token for several APIs"),
            help=gettext_lazy("Each of them can use the token at the others (RFC 8707 §3)."),
            registrable=False,
        ),
        *_encrypted("id_token", gettext_lazy("Encrypt ID tokens by")),
        *_encrypted("userinfo", gettext_lazy("Encrypt UserInfo by")),
        *_encrypted("authorization", gettext_lazy("Encrypt authorization responses by")),
        *_encrypted("introspection", gettext_lazy("Encrypt introspection by")),
        # Logout (Back-Channel Logout §2.2, Front-Channel Logout §2)
        Metadatum(
            "backchannel_logout_uri",
            Kind.URL,
            Topic.LOGOUT,
            gettext_lazy("Address of back-channel logout"),
            help=gettext_lazy("We tell it there, server to server, which session has ended."),
        ),
        Metadatum(
            "backchannel_logout_session_required",
            Kind.FLAG,
            Topic.LOGOUT,
            gettext_lazy("… and it needs the session (sid)"),
        ),
        Metadatum(
            "frontchannel_logout_uri",
            Kind.URL,
            Topic.LOGOUT,
            gettext_lazy("Address of front-channel logout"),
            help=gettext_lazy("Loaded in a frame of our sign-out page."),
        ),
        Metadatum(
            "frontchannel_logout_session_required",
            Kind.FLAG,
            Topic.LOGOUT,
            gettext_lazy("… and it needs the session (iss and sid)"),
        ),
        # Security event tokens (RFC 8417); a name of ours, for want of a registered one
        Metadatum(
            "security_event_uri",
            Kind.URL,
            Topic.ERASURE,
            gettext_lazy("Address of its receiver of security events"),
            help=gettext_lazy(
                "We push it a token there when a person whom it knows is erased (RFC 8935)."
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
