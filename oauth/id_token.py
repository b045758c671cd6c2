"""ID tokens (OIDC Core §2)."""

from __future__ import annotations

import base64
import hashlib
import time
from collections.abc import Sequence
from typing import Any

from . import claims, keys
from .issuer import issuer
from .models import Client, Grant

TYP = "JWT"
# The hash that each algorithm implies for at_hash (OIDC Core §3.1.3.6; Ed25519 uses SHA-512).
_HASHES = {
    "RS256": hashlib.sha256,
    "PS256": hashlib.sha256,
    "ES256": hashlib.sha256,
    "EdDSA": hashlib.sha512,
}


def half_hash(value: str, alg: str) -> str:
    """The left half of the hash of ``value``, base64url: ``at_hash`` (OIDC Core §3.1.3.6)."""
    digest = _HASHES[alg](value.encode("ascii")).digest()
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
    """An ID token about the sign-in that ``grant`` came from."""
    now = int(time.time())
    alg = client.id_token_signed_response_alg
    about: dict[str, Any] = {
        **claims.for_scopes(user, scopes),
        "iss": issuer(),
        "sub": claims.subject_for(user, client),
        "aud": client.client_id,
        "azp": client.client_id,
        "exp": now + client.id_token_lifetime,
        "iat": now,
        "auth_time": grant.auth_time,
        "acr": grant.acr,
        "amr": grant.amr,
        "at_hash": half_hash(access_token, alg),
    }
    if grant.sid:
        about["sid"] = str(grant.sid)
    if nonce:
        about["nonce"] = nonce
    return keys.sign(about, alg=alg, typ=TYP)


def verify_hint(token: str) -> dict[str, Any]:
    """The claims of an ID token of ours used as a hint: it may have expired (RP-Initiated Logout
    §2). Raises ``jwt.InvalidTokenError``."""
    return keys.verify(token, typ=TYP, issuer=issuer(), audience=None, verify_exp=False)
