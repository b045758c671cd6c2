"""To which key of the client its tokens are bound: ``cnf`` (RFC 7800, RFC 9449 §6)."""

from __future__ import annotations

from collections.abc import Mapping

from oauthlib.oauth2.rfc6749.errors import InvalidGrantError, InvalidRequestError

from . import dpop
from .conf import oauth_settings
from .models import Client

Confirmation = Mapping[str, str]
"""The members of ``cnf``; empty for a bearer token."""
NOT_BOUND: Confirmation = {}


def proven(client: Client, proof: str | None, *, url: str) -> dict[str, str]:
    """What the proof of a POST to ``url`` binds the tokens to (RFC 9449 §5).

    Raises ``InvalidDpopProofError`` or ``UseDpopNonceError``, and ``InvalidRequestError`` where a
    client that is registered for ``dpop_bound_access_tokens`` sends none.
    """
    if proof is not None:
        return {
            "jkt": dpop.verify(
                proof, method="POST", url=url, needs_nonce=oauth_settings.DPOP_NONCE_REQUIRED
            )
        }
    if client.registered("dpop_bound_access_tokens"):
        raise InvalidRequestError(description="This client must send a DPoP proof.")
    return {}


def check(bound: Confirmation, shown: Confirmation) -> None:
    """Raise ``InvalidGrantError`` unless what a code or refresh token is bound to was shown."""
    if any(shown.get(member) != value for member, value in bound.items()):
        raise InvalidGrantError(description="This is bound to another key.")


def token_type(confirmation: Confirmation) -> str:
    """How an access token so bound is to be presented (RFC 9449 §5)."""
    return "DPoP" if "jkt" in confirmation else "Bearer"
