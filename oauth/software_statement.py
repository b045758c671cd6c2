"""Software statements: metadata that somebody vouches for (RFC 7591 §2.3)."""

from __future__ import annotations

import json
from typing import Any

import jwt

from . import client_keys, jwk_set
from .client_metadata import CLIENT_SIGNING_ALGS, is_address
from .conf import oauth_settings
from .registration_errors import InvalidSoftwareStatement, UnapprovedSoftwareStatement

LEEWAY_SECONDS = 60
OF_THE_TOKEN = frozenset({"iss", "sub", "aud", "exp", "nbf", "iat", "jti", "software_statement"})
"""Claims about the statement itself, which are no metadata."""


def claims(statement: Any) -> tuple[str, dict[str, Any]]:
    """Who vouches, and the metadata vouched for.

    Raises ``UnapprovedSoftwareStatement`` for an issuer that is not in
    ``SOFTWARE_STATEMENT_ISSUERS``, ``InvalidSoftwareStatement`` for what it did not sign.
    """
    try:
        header = jwt.get_unverified_header(statement)
        unverified = jwt.decode(statement, options={"verify_signature": False})
    except (jwt.PyJWTError, RecursionError, TypeError, ValueError):
        raise InvalidSoftwareStatement(description="The statement is not a JWT.") from None
    issuer, alg = unverified.get("iss"), header.get("alg")
    if not isinstance(issuer, str) or issuer not in oauth_settings.SOFTWARE_STATEMENT_ISSUERS:
        raise UnapprovedSoftwareStatement(
            description="The issuer of the software statement isn't trusted."
        )
    if alg not in CLIENT_SIGNING_ALGS:
        raise InvalidSoftwareStatement(description="The statement is not signed.")
    for key in _keys_of(issuer, alg, header.get("kid")):
        try:
            signed = jwt.decode(
                statement,
                key,
                algorithms=[alg],
                issuer=issuer,
                leeway=LEEWAY_SECONDS,
                options={"require": ["iss"], "verify_aud": False},
            )
        except jwt.InvalidSignatureError:
            continue
        except (jwt.PyJWTError, RecursionError, OverflowError):
            break
        return issuer, {name: told for name, told in signed.items() if name not in OF_THE_TOKEN}
    raise InvalidSoftwareStatement(description="The statement is not signed, or not valid now.")


def is_jwks(text: str) -> bool:
    """Whether a setting holds a JWK Set of public keys, as JSON."""
    try:
        return not jwk_set.problem(json.loads(text))
    except ValueError:
        return False


def _keys_of(issuer: str, alg: str, kid: str | None) -> list[Any]:
    """Those that may have made the signature."""
    keys = oauth_settings.SOFTWARE_STATEMENT_ISSUERS[issuer]
    if is_address(keys):
        return client_keys.published(keys, alg=alg, kid=kid)
    return client_keys.usable(json.loads(keys)["keys"], alg, kid)
