"""A JWT made for one client: signed by us, and encrypted to it where it has registered so.

Sign, then encrypt (RFC 7519 §11.2). Where its key can't be got nothing is sent: an answer that was
to be encrypted never goes out in plain. HS256 is keyed by the client's own secret (OIDC Core
§10.1), and so proves nothing to anybody else, us included but for this client.
"""

from __future__ import annotations

from typing import Any

import jwt
from oauthlib.oauth2.rfc6749.errors import OAuth2Error

from ostiary import events

from . import client_keys, jwe, jws
from .client_metadata import HMAC_ALG
from .models import Client


class NoKeyError(OAuth2Error):  # type: ignore[misc]  # oauthlib is untyped
    """The client is to get an answer made with a key of its own, and has none for it now."""

    error = "temporarily_unavailable"


def encryption_of(client: Client, what: str) -> tuple[str, str]:
    """The ``alg`` and ``enc`` registered for ``what`` (``id_token``, ``userinfo``,
    ``authorization``, ``introspection``); empty for an answer that isn't encrypted."""
    alg = client.registered(f"{what}_encrypted_response_alg")
    enc = client.registered(f"{what}_encrypted_response_enc") or jwe.DEFAULT_ENC
    return (alg, enc) if alg else ("", "")


def check(client: Client, what: str, *, signed_by: str) -> None:
    """Raise ``NoKeyError`` if ``what`` couldn't be made for ``client`` now: ask before
    something is used up for it."""
    alg, _ = encryption_of(client, what)
    if alg:
        _recipient(client, what, alg)
    if signed_by == HMAC_ALG:
        _secret(client, what)


def issue(client: Client, what: str, claims: dict[str, Any], *, alg: str, typ: str) -> str:
    """The claims signed by ``alg``, and encrypted as registered for ``what``.

    Raises ``NoKeyError``.
    """
    return encrypted(client, what, _signed(client, what, claims, alg=alg, typ=typ), cty="JWT")


def encrypted(client: Client, what: str, payload: str, *, cty: str = "") -> str:
    """``payload`` as a JWE to the client, or as it is where none is registered for ``what``.

    Raises ``NoKeyError``.
    """
    alg, enc = encryption_of(client, what)
    if not alg:
        return payload
    key, kid = _recipient(client, what, alg)
    return jwe.encrypt(payload, key, kid=kid, alg=alg, enc=enc, cty=cty)


def _signed(client: Client, what: str, claims: dict[str, Any], *, alg: str, typ: str) -> str:
    if alg != HMAC_ALG:
        return jws.sign(claims, alg=alg, typ=typ)
    return jwt.encode(claims, _secret(client, what), algorithm=HMAC_ALG, headers={"typ": typ})


def _secret(client: Client, what: str) -> str:
    secret = client.shared_secret()
    if not secret:
        raise _no_key(client, what, HMAC_ALG)
    return secret


def _recipient(client: Client, what: str, alg: str) -> tuple[jwe.RecipientKey, str]:
    found = client_keys.find_recipient(client, alg=alg)
    if found is None:
        raise _no_key(client, what, alg)
    return found


def _no_key(client: Client, what: str, alg: str) -> NoKeyError:
    """Tell the log; returns the error to raise."""
    events.record(
        "client.key_unavailable",
        client_id=client.client_id,
        outcome="failure",
        details={"answer": what, "alg": alg},
    )
    return NoKeyError(
        description=f"The client has no usable key of {alg} for its answer at this time."
    )
