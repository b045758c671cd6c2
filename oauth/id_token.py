"""ID tokens (OIDC Core §2)."""

from __future__ import annotations

import base64
import hashlib
import time
from collections.abc import Sequence
from typing import Any

import jwt

from . import claims, client_jwt, jws, requested_claims, security_profile
from .client_authentication import find_client
from .client_metadata import HMAC_ALG
from .issuer import issuer
from .models import Client, Grant

TYP = "JWT"
# The hash that each algorithm implies for at_hash (OIDC Core §3.1.3.6; Ed25519 uses SHA-512).
_HASHES = {
    "RS256": hashlib.sha256,
    "PS256": hashlib.sha256,
    "ES256": hashlib.sha256,
    "EdDSA": hashlib.sha512,
    HMAC_ALG: hashlib.sha256,
}


def signing_alg(client: Client) -> str:
    """The algorithm by which what tells ``client`` of a sign-in is signed (Registration §2)."""
    return security_profile.answer_alg(client, client.id_token_signed_response_alg)


def half_hash(value: str, alg: str) -> str:
    """The left half of the hash of ``value``, base64url: ``at_hash``, ``c_hash`` and
    ``s_hash`` (OIDC Core §3.1.3.6, §3.3.2.11)."""
    digest = _HASHES[alg](value.encode()).digest()
    return base64.urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=").decode()


def issue(
    client: Client,
    grant: Grant,
    user: Any,
    scopes: Sequence[str],
    *,
    access_token: str,
    nonce: str = "",
) -> str:
    """An ID token about the sign-in that ``grant`` came from, for the token endpoint.

    Raises ``client_jwt.NoKeyError``.
    """
    return _issue(
        client,
        {
            **claims.about(user, client, scopes, "id_token"),
            **requested_claims.released(grant, "id_token"),
            **_about_sign_in(client, grant, nonce),
            "at_hash": half_hash(access_token, signing_alg(client)),
        },
    )


def issue_with_code(client: Client, grant: Grant, *, code: str, state: str) -> str:
    """An ID token that goes with ``code`` through the browser (OIDC Core §3.3.2.11; ``s_hash``:
    FAPI 1.0 Part 2 §5.1.1). It tells of the sign-in alone: who the person is the client learns
    at the token endpoint (RFC 9700 §4.2). Raises ``client_jwt.NoKeyError``.
    """
    alg = signing_alg(client)
    about = {**_about_sign_in(client, grant, grant.nonce), "c_hash": half_hash(code, alg)}
    if state:
        about["s_hash"] = half_hash(state, alg)
    return _issue(client, about)


def check(client: Client) -> None:
    """Raise ``client_jwt.NoKeyError`` if ``client`` could be given no ID token now."""
    client_jwt.check(client, "id_token", signed_by=signing_alg(client))


def _issue(client: Client, about: dict[str, Any]) -> str:
    alg = signing_alg(client)
    return client_jwt.issue(client, "id_token", about, alg=alg, typ=TYP)


def _about_sign_in(client: Client, grant: Grant, nonce: str) -> dict[str, Any]:
    now = int(time.time())
    about: dict[str, Any] = {
        "iss": issuer(),
        "sub": claims.subject_for(grant.user, client),
        "aud": client.client_id,
        "azp": client.client_id,
        "exp": now + client.id_token_lifetime,
        "iat": now,
        "auth_time": grant.auth_time,
        "acr": grant.acr,
        "amr": grant.amr,
    }
    if grant.sid:
        about["sid"] = claims.sid_for(grant.sid, client)
    if nonce:
        about["nonce"] = nonce
    return about


def verify_hint(token: str) -> dict[str, Any]:
    """The claims of an ID token of ours used as a hint: it may have expired (RP-Initiated Logout
    §2). Raises ``jwt.InvalidTokenError``.

    One by HS256 is checked with the secret of the client that it was made for, if that is to get
    such ones; what it says of its algorithm chooses between the two ways, and never a key.
    """
    header = jws.header_of(token)
    if header.get("alg") == HMAC_ALG:
        if header.get("typ") != TYP:  # a logout token is signed by the same secret
            raise jwt.InvalidTokenError("another type of token")
        return _verify_hmac_hint(token)
    return jws.verify(token, typ=TYP, issuer=issuer(), audience=None, verify_exp=False)


def _verify_hmac_hint(token: str) -> dict[str, Any]:
    try:
        named = jwt.decode(token, options={"verify_signature": False}).get("aud")
    except RecursionError:
        raise jwt.InvalidTokenError("nested too deeply") from None
    client = find_client(named) if isinstance(named, str) else None
    if client is None or client.id_token_signed_response_alg != HMAC_ALG:
        raise jwt.InvalidTokenError("not of a client that gets such tokens")
    for secret in client.shared_secrets():
        try:
            return jws.decode(
                token,
                secret,
                HMAC_ALG,
                issuer=issuer(),
                audience=client.client_id,
                verify_exp=False,
            )
        except jwt.InvalidSignatureError:
            continue
    raise jwt.InvalidSignatureError("by no secret of the client")
