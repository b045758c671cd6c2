"""Claims of the project's own, by ``OSTIARY_OAUTH["CLAIMS_HOOKS"]``."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from typing import Any, Literal

from oauthlib.oauth2.rfc6749.errors import ServerError

from ostiary import hooks

from .conf import oauth_settings
from .models import Client

log = logging.getLogger(__name__)

Target = Literal["id_token", "userinfo", "access_token"]
"""In what the claims are to stand."""
PROTOCOL = frozenset(
    {
        *("iss", "sub", "aud", "exp", "iat", "nbf", "jti"),
        *("auth_time", "acr", "amr", "azp", "nonce", "sid", "at_hash", "c_hash", "s_hash"),
        *("client_id", "scope", "cnf", "gid", "act", "may_act", "workload", "status", "events"),
        *("active", "token_type", "authorization_details", "token_introspection", "sub_jwk"),
        *("_claim_names", "_claim_sources"),
    }
)
"""What only this server says."""


def added(user: Any, client: Client, scopes: Sequence[str], target: Target) -> dict[str, Any]:
    """What the project's hooks tell of a person, later ones over earlier.

    A claim of the protocol is left out. Raises ``ServerError`` where a hook fails: a token that
    lacks a claim could be worth more than it should.
    """
    found: dict[str, Any] = {}
    for path in oauth_settings.CLAIMS_HOOKS:
        try:
            told = dict(hooks.load(path)(user, client, tuple(scopes), target))
            json.dumps(told, allow_nan=False)
        except Exception as problem:
            log.exception("The hook %s of OSTIARY_OAUTH['CLAIMS_HOOKS'] failed", path)
            raise ServerError(description="The claims could not be made.") from problem
        if taken := told.keys() & PROTOCOL:
            log.warning("The hook %s may not set %s", path, ", ".join(sorted(taken)))
        found |= told
    return {name: value for name, value in found.items() if name not in PROTOCOL}
