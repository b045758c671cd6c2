"""Client metadata beyond the columns of ``Client``: one table of names, kinds and defaults.

The names are those of IANA's registry (RFC 7591 §2, OpenID Connect Registration §2, and the
specification named at each). They are kept in ``Client.metadata``, checked here, and read by
``client.registered(name)``; the admin's form is made from this table.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any
from urllib.parse import urlsplit

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

SIGNING_ALGS = ("RS256", "PS256", "ES256", "EdDSA")
TEXT_MAX_LENGTH = 2000


class Kind(Enum):
    """What a value is, in JSON."""

    FLAG = auto()
    URL = auto()
    CHOICE = auto()
    JWKS = auto()


EMPTY: dict[Kind, Any] = {
    Kind.FLAG: False,
    Kind.URL: "",
    Kind.CHOICE: "",
    Kind.JWKS: None,
}


@dataclass(frozen=True)
class Metadatum:
    """One registered name; ``choices`` bound a choice."""

    name: str
    kind: Kind
    label: Any
    choices: tuple[str, ...] = ()

    @property
    def empty(self) -> Any:
        """The value of a client that registered none."""
        return EMPTY[self.kind]


METADATA: dict[str, Metadatum] = {
    known.name: known
    for known in (
        # Its keys (RFC 7591 §2)
        Metadatum("jwks_uri", Kind.URL, gettext_lazy("Address of its keys")),
        Metadatum("jwks", Kind.JWKS, gettext_lazy("Its public keys (JWK Set)")),
        # Proof (RFC 7523, RFC 9449)
        Metadatum(
            "token_endpoint_auth_signing_alg",
            Kind.CHOICE,
            gettext_lazy("Algorithm of its assertions; empty for any"),
            SIGNING_ALGS,
        ),
        Metadatum("dpop_bound_access_tokens", Kind.FLAG, gettext_lazy("Access tokens need DPoP")),
    )
}


def problems(given: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The name and what is wrong with its value, in words, for each that can't be registered."""
    for name, value in given.items():
        known = METADATA.get(name)
        if known is None:
            yield name, _("not known")
        elif value != known.empty and (problem := _problem(known, value)):
            yield name, problem


def _problem(known: Metadatum, value: Any) -> str:
    kind = known.kind
    if kind is Kind.FLAG and not isinstance(value, bool):
        return _("not true or false")
    if kind in (Kind.URL, Kind.CHOICE) and (
        not isinstance(value, str) or len(value) > TEXT_MAX_LENGTH or not value.isprintable()
    ):
        return _("not a text of usable length")
    if kind is Kind.URL and not _is_address(value):
        return _("not an https address")
    if kind is Kind.CHOICE and value not in known.choices:
        return _("choose from: %s") % ", ".join(known.choices)
    if kind is Kind.JWKS and not _is_public_jwks(value):
        return _("not a JWK Set of public keys")
    return ""


def _is_address(value: str) -> bool:
    """https, or http on this machine, without a fragment or user name."""
    try:
        parts = urlsplit(value)
        parts.port  # noqa: B018  (raises ValueError where it is no port)
    except ValueError:
        return False
    local = parts.scheme == "http" and parts.hostname in ("localhost", "127.0.0.1", "::1")
    return bool(
        (parts.scheme == "https" or local)
        and parts.hostname
        and parts.username is None
        and "#" not in value
        and value.isascii()
    )


PRIVATE_MEMBERS = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})


def _is_public_jwks(value: Any) -> bool:
    keys = value.get("keys") if isinstance(value, dict) else None
    return (
        isinstance(keys, list)
        and 0 < len(keys) <= 50
        and all(
            isinstance(key, dict)
            and isinstance(key.get("kty"), str)
            and not set(key) & PRIVATE_MEMBERS
            for key in keys
        )
    )
