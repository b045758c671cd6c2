"""The public keys of an outside issuer: pasted, at an address, or where its metadata says."""

from __future__ import annotations

from typing import Any

from . import client_keys
from .client_keys import json_at, jwks_at
from .models import TrustRule

WELL_KNOWN = "/.well-known/openid-configuration"


def find(rule: TrustRule, *, alg: str, kid: str | None) -> list[Any]:
    """The keys that may have made a signature of ``alg``, of the name ``kid`` if it has one.

    Those of one issuer are never looked for at another; empty where there is none.
    """
    if rule.jwks:
        return client_keys.usable(rule.jwks["keys"], alg, kid)
    if rule.jwks_uri:
        return client_keys.published(rule.jwks_uri, alg=alg, kid=kid)
    return client_keys.published(rule.issuer, alg=alg, kid=kid, ask=jwks_of_issuer)


def jwks_of_issuer(issuer: str) -> list[Any]:
    """The JWK Set that the issuer's metadata names (OIDC Discovery §4.3).

    Raises ``FetchError``, and ``ValueError`` for metadata of another issuer.
    """
    metadata = json_at(issuer.rstrip("/") + WELL_KNOWN)
    jwks_uri = metadata.get("jwks_uri")
    if metadata.get("issuer") != issuer or not isinstance(jwks_uri, str):
        raise ValueError("metadata of another issuer, or without keys")
    return jwks_at(jwks_uri)
