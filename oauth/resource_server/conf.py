"""The settings of a protected resource: each with its type, unit, default and reason.

A project writes ``OSTIARY_RESOURCE_SERVER = {"ISSUER": ..., "AUDIENCE": ...}`` in its Django
settings. One with several APIs makes a ``ResourceServer(ResourceServerSettings(...))`` for each.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from django.conf import settings as django_settings

from ostiary.typed_settings import read

from .. import jwk
from .fetch import is_secure

REVOCATIONS = ("none", "blocklist", "status_list", "introspection")
LONGEST_LEEWAY = 60
_IN_ONE_PROCESS = ("locmem.LocMemCache", "dummy.DummyCache")


@dataclass(frozen=True, repr=False)
class ResourceServerSettings:
    """Every key that ``settings.OSTIARY_RESOURCE_SERVER`` may hold."""

    ISSUER: str = ""
    """Whose tokens are taken: the ``iss``, to the letter."""

    AUDIENCE: str = ""
    """The API's own identifier, a URL: the ``aud`` of tokens meant for it (RFC 8707)."""

    ALGORITHMS: list[str] = field(default_factory=lambda: ["RS256", "PS256", "ES256", "EdDSA"])
    """By which tokens and DPoP proofs may be signed; asymmetric ones alone."""

    JWKS_URI: str = ""
    """Where the issuer's keys are; empty asks its metadata."""

    LEEWAY: int = 10
    """By how many seconds our clock and the issuer's may differ, at most 60."""

    BASE_URL: str = ""
    """Where the world finds this project, with scheme, without a path: what DPoP proofs name. Empty
    takes the request's word, which needs ``ALLOWED_HOSTS`` and, behind a proxy,
    ``SECURE_PROXY_SSL_HEADER``."""

    SCOPES: list[str] = field(default_factory=list)
    """The scopes that the API knows, for its metadata (RFC 9728)."""

    USER: str = ""
    """Dotted path of a callable that takes the ``AccessToken`` and gives ``request.user``, or
    ``None`` to refuse it; empty leaves users out."""

    DPOP_REPLAY_CACHE: str = "default"
    """The alias of a cache that all processes share: it remembers the proofs that were used."""

    DPOP_NONCE_REQUIRED: bool = False
    """Whether every DPoP proof has to carry a nonce of ours (RFC 9449 §9), so that none can be made
    in advance."""

    CLIENT_CERTIFICATE_HEADER: str = ""
    """The header in which the TLS proxy passes the client's certificate, such as ``Client-Cert``;
    empty refuses tokens that are bound to one. The proxy has to remove it from what it is sent."""

    TRUSTED_PROXIES: list[str] = field(default_factory=list)
    """The networks, such as ``10.0.0.0/8``, from which that header is believed; ``unix`` is a Unix
    socket."""

    REVOCATION: str = "none"
    """How a token is found to be revoked before it expires: ``none``, ``blocklist`` (a cache shared
    with the issuer), ``status_list`` (a signed list that the issuer publishes) or ``introspection``
    (the issuer is asked; the only way to take opaque tokens)."""

    REVOCATION_FAILS_OPEN: bool = False
    """Whether a token is taken while its status can't be learned; otherwise the answer is 503."""

    BLOCKLIST_CACHE: str = "default"
    """The alias of the cache of the blocklist: the issuer's own, with its ``KEY_PREFIX`` and
    ``VERSION``."""

    INTROSPECTION_ENDPOINT: str = ""
    """Where the issuer is asked; empty asks its metadata."""

    CLIENT_ID: str = ""
    """As whom this API asks the issuer (``client_secret_basic``)."""

    CLIENT_SECRET: str = ""
    """Its secret there."""

    INTROSPECTION_CACHE: str = "default"
    """The alias of the cache that keeps the issuer's answers."""

    INTROSPECTION_SECONDS: int = 10
    """How long they are kept: so late, at most, a revocation is noticed."""


resource_server_settings = read("OSTIARY_RESOURCE_SERVER", ResourceServerSettings)


def problems(given: ResourceServerSettings) -> Iterator[str]:
    """A sentence for each thing that is missing or can't be, with what to write instead."""
    if not is_secure(given.ISSUER):
        yield "ISSUER must be the https address of the identity provider."
    if not urlsplit(given.AUDIENCE).scheme or '"' in given.AUDIENCE or "\\" in given.AUDIENCE:
        yield "AUDIENCE must be the URL that identifies this API, such as https://api.example/."
    if not given.ALGORITHMS or not set(given.ALGORITHMS) <= set(jwk.ALGORITHMS):
        yield f"ALGORITHMS must be some of {', '.join(jwk.ALGORITHMS)}."
    if not 0 <= given.LEEWAY <= LONGEST_LEEWAY:
        yield f"LEEWAY must be between 0 and {LONGEST_LEEWAY} seconds."
    for name in ("JWKS_URI", "INTROSPECTION_ENDPOINT"):
        if getattr(given, name) and not is_secure(getattr(given, name)):
            yield f"{name} must be an https address."
    if given.BASE_URL and not _is_origin(given.BASE_URL):
        yield "BASE_URL must be only scheme and host, such as https://api.example."
    yield from _problems_of_revocation(given)
    yield from _problems_of_proxies(given)


def _is_origin(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme in ("http", "https") and url == f"{parts.scheme}://{parts.netloc}"


def _problems_of_revocation(given: ResourceServerSettings) -> Iterator[str]:
    if given.REVOCATION not in REVOCATIONS:
        yield f"REVOCATION must be one of {', '.join(REVOCATIONS)}."
    if given.REVOCATION == "introspection" and not (given.CLIENT_ID and given.CLIENT_SECRET):
        yield "REVOCATION by introspection needs CLIENT_ID and CLIENT_SECRET."
    aliases = {"DPOP_REPLAY_CACHE", "BLOCKLIST_CACHE", "INTROSPECTION_CACHE"}
    for name in sorted(aliases):
        if getattr(given, name) not in django_settings.CACHES:
            yield f"{name} must be the alias of a cache in CACHES."
    backend = django_settings.CACHES.get(given.BLOCKLIST_CACHE, {}).get("BACKEND", "")
    if given.REVOCATION == "blocklist" and backend.endswith(_IN_ONE_PROCESS):
        yield "REVOCATION by blocklist needs a BLOCKLIST_CACHE that the issuer shares too."


def _problems_of_proxies(given: ResourceServerSettings) -> Iterator[str]:
    if given.CLIENT_CERTIFICATE_HEADER and not given.TRUSTED_PROXIES:
        yield "CLIENT_CERTIFICATE_HEADER needs TRUSTED_PROXIES: who else may set it?"
    for network in given.TRUSTED_PROXIES:
        try:
            if network != "unix":
                ipaddress.ip_network(network)
        except ValueError:
            yield f"TRUSTED_PROXIES has {network!r}, which isn't a network such as 10.0.0.0/8."
