"""The introspection response as a JWT (RFC 9701)."""

from __future__ import annotations

import time
from typing import Any

from . import client_jwt, security_profile
from .issuer import issuer
from .models import Client

CONTENT_TYPE = "application/token-introspection+jwt"
TYP = "token-introspection+jwt"
DEFAULT_ALG = "RS256"


def is_wanted(client: Client, accept: str) -> bool:
    """Whether the answer is a JWT: asked for by the Accept header (§4), or registered, so that
    who stands between can't have the header dropped (§6)."""
    asked = {each.partition(";")[0].strip().lower() for each in accept.split(",")}
    return (
        CONTENT_TYPE in asked
        or bool(client.registered("introspection_signed_response_alg"))
        or bool(client_jwt.encryption_of(client, "introspection")[0])
    )


def response(client: Client, answer: dict[str, Any]) -> str:
    """The answer for ``client``, signed, and encrypted where registered (§5).

    Raises ``client_jwt.NoKeyError``.
    """
    registered = client.registered("introspection_signed_response_alg") or DEFAULT_ALG
    return client_jwt.issue(
        client,
        "introspection",
        {
            "iss": issuer(),
            "aud": client.client_id,
            "iat": int(time.time()),
            "token_introspection": answer,
        },
        alg=security_profile.answer_alg(client, registered),
        typ=TYP,
    )
