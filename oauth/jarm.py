"""The authorization response as one JWT (JWT Secured Authorization Response Mode, JARM)."""

from __future__ import annotations

import time
from collections.abc import Iterable

from . import client_jwt, security_profile
from .issuer import issuer
from .models import Client

TYP = "JWT"
DEFAULT_ALG = "RS256"
LIFETIME = 300
"""Seconds, of the ten minutes that it may live at most (§2.1); a code in it lives shorter."""


def signing_alg(client: Client) -> str:
    """The algorithm by which answers to ``client`` are signed (§3)."""
    registered = client.registered("authorization_signed_response_alg") or DEFAULT_ALG
    return security_profile.answer_alg(client, registered)


def response(client: Client, answer: Iterable[tuple[str, str]]) -> str:
    """The value of ``response``: the parameters of ``answer`` as claims (§2.1).

    Raises ``client_jwt.NoKeyError``.
    """
    said = {"iss": issuer(), "aud": client.client_id, "exp": int(time.time()) + LIFETIME}
    return client_jwt.issue(
        client,
        "authorization",
        {**dict(answer), **said},
        alg=signing_alg(client),
        typ=TYP,
    )
