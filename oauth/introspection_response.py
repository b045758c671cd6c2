"""The introspection response as a JWT (RFC 9701)."""

from __future__ import annotations

import time
from typing import Any

from django.http import HttpRequest

from . import client_jwt, security_profile
from .issuer import issuer
from .models import Client

CONTENT_TYPE = "application/token-introspection+jwt"
TYP = "token-introspection+jwt"
DEFAULT_ALG = "RS256"


def is_wanted(client: Client, request: HttpRequest) -> bool:
    """Whether the answer is a JWT: asked for by the Accept header (§4), however little that weighs
    (RFC 9110 §12.5.1), or registered, so that who stands between can't have the header dropped
    (§6)."""
    return (
        any(
            f"{each.main_type}/{each.sub_type}".lower() == CONTENT_TYPE and each.quality > 0
            for each in request.accepted_types
        )
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
