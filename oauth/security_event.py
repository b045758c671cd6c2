"""Security event tokens (RFC 8417), and their push to whoever is to know (RFC 8935)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from . import id_token, jws
from .client_metadata import HMAC_ALG
from .client_push import described, push
from .issuer import issuer
from .models import Client
from .safe_fetch import Answer

TYP = "secevent+jwt"
MEDIA_TYPE = "application/secevent+jwt"
PUBLIC_ALG = "RS256"
"""For a client whose ID tokens are signed by its own secret: these are verified by our keys."""
TAKEN = (200, 202, 204)
"""202 is the answer (RFC 8935 §2.2); that others are taken as well spares receivers a repeat."""
ERRORS = frozenset(
    {
        "invalid_request",
        "invalid_key",
        "invalid_issuer",
        "invalid_audience",
        "authentication_failed",
        "access_denied",
    }
)
"""Why a receiver refuses a token (RFC 8935 §2.4)."""


def token(
    client: Client, event: str, *, subject: str, jti: str, at: datetime, about: Mapping[str, Any]
) -> str:
    """A token that tells ``client`` of one ``event`` about the person whom it knows as ``subject``.

    The subject is named by ``sub_id`` (RFC 9493 §3.2.3), and there is neither ``sub`` nor ``exp``:
    so it passes for no other token (RFC 8417 §4.5, §4.6). It is the same at every attempt. Raises
    as ``jws.sign``.
    """
    alg = id_token.signing_alg(client)
    return jws.sign(
        {
            "iss": issuer(),
            "aud": client.client_id,
            "iat": int(at.timestamp()),
            "jti": jti,
            "sub_id": {"format": "iss_sub", "iss": issuer(), "sub": subject},
            "events": {event: dict(about)},
        },
        alg=PUBLIC_ALG if alg == HMAC_ALG else alg,
        typ=TYP,
    )


def deliver(address: str, signed: str, authorization: str = "") -> None:
    """Push a token (RFC 8935 §2). Raises as ``client_push.push``."""
    headers = {"Content-Type": MEDIA_TYPE, "Accept": "application/json"}
    if authorization:
        headers["Authorization"] = authorization
    push(address, signed, headers, taken=TAKEN, refusal=_refusal)


def _refusal(answer: Answer) -> str:
    """Why the receiver refuses the token (RFC 8935 §2.3); a 400 that doesn't say why may be that
    of something in between."""
    if answer.status != 400:
        return ""
    try:
        said = json.loads(answer.body)
        error = said["err"]
    except (ValueError, LookupError, TypeError, RecursionError):
        return ""
    # The receiver's own words may hold anything: a code that is known, or none.
    named = f" ({error})" if isinstance(error, str) and error in ERRORS else ""
    return f"{described(answer)}{named}"
