"""The UserInfo response as a JWT, for a client that has registered so (OIDC Core §5.3.2)."""

from __future__ import annotations

import json
from typing import Any

from . import client_jwt, security_profile
from .issuer import issuer
from .models import Client

CONTENT_TYPE = "application/jwt"
TYP = "JWT"


def response(client: Client, about: dict[str, Any]) -> str | None:
    """The claims ``about`` the person, signed, encrypted, or both, as ``client`` has registered;
    ``None`` for one that gets plain JSON.

    Raises ``client_jwt.NoKeyError``.
    """
    if alg := client.registered("userinfo_signed_response_alg"):
        signed = {**about, "iss": issuer(), "aud": client.client_id}
        alg = security_profile.answer_alg(client, alg)
        return client_jwt.issue(client, "userinfo", signed, alg=alg, typ=TYP)
    if client_jwt.encryption_of(client, "userinfo")[0]:
        return client_jwt.encrypted(client, "userinfo", json.dumps(about))
    return None
