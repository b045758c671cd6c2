"""Claims of the project's own, by ``OSTIARY_OAUTH["CLAIMS_HOOK"]``."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from typing import Any, Literal

from django.utils.module_loading import import_string
from oauthlib.oauth2.rfc6749.errors import ServerError

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
    """What the project's hook tells of a person; nothing where there is no hook.

    A claim of the protocol is left out. Raises ``ServerError`` where the hook fails: a token that
    lacks a claim could be worth more than it should.
    """
    if not oauth_settings.CLAIMS_HOOK:
        return {}
    try:
        hook = import_string(oauth_settings.CLAIMS_HOOK)
        found = dict(hook(user, client, tuple(scopes), target))
        json.dumps(found, allow_nan=False)
    except Exception as problem:
        log.exception("OSTIARY_OAUTH['CLAIMS_HOOK'] failed")
        raise ServerError(description="The claims could not be made.") from problem
    if taken := found.keys() & PROTOCOL:
        log.warning("OSTIARY_OAUTH['CLAIMS_HOOK'] may not set %s", ", ".join(sorted(taken)))
    return {name: value for name, value in found.items() if name not in PROTOCOL}
