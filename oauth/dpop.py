"""Demonstrating Proof of Possession, DPoP (RFC 9449)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from oauthlib.oauth2.rfc6749.errors import OAuth2Error

from . import replay
from .client_metadata import CLIENT_SIGNING_ALGS
from .resource_server.dpop import InvalidProof, check, is_live_nonce
from .resource_server.dpop import new_nonce as nonce_of_now

ALGORITHMS = CLIENT_SIGNING_ALGS
"""Asymmetric ones alone (RFC 9449 §11.6)."""
_JKT = re.compile(r"[A-Za-z0-9_-]{43}")
_NONCE_SALT = "ostiary.oauth.dpop.nonce"


class InvalidDpopProofError(OAuth2Error):  # type: ignore[misc]  # oauthlib is untyped
    """The proof is missing where it is needed, or not valid (RFC 9449 §5)."""

    error = "invalid_dpop_proof"


class UseDpopNonceError(OAuth2Error):  # type: ignore[misc]  # oauthlib is untyped
    """The proof needs a nonce of ours, which the answer carries (RFC 9449 §8)."""

    error = "use_dpop_nonce"


def is_thumbprint(value: str) -> bool:
    """Whether ``value`` could be a ``dpop_jkt`` (RFC 9449 §10)."""
    return _JKT.fullmatch(value) is not None


def verify(
    proof: str,
    *,
    method: str,
    url: str,
    access_token: str = "",
    needs_nonce: bool = False,
    algorithms: Sequence[str] = ALGORITHMS,
) -> str:
    """The thumbprint of the key that a proof for this very request proves (RFC 9449 §4.3).

    ``access_token`` is what the request presents with it. The proof is used up by this. Raises
    ``InvalidDpopProofError`` or ``UseDpopNonceError``.
    """
    try:
        shown = check(
            proof, method=method, url=url, algorithms=algorithms, access_token=access_token
        )
    except InvalidProof as problem:
        raise InvalidDpopProofError(description=str(problem)) from None
    if (needs_nonce or shown.nonce is not None) and not is_live_nonce(shown.nonce, _NONCE_SALT):
        raise UseDpopNonceError(description="Use the nonce of the DPoP-Nonce header.")
    if not replay.first_use("dpop", shown.identifier, shown.expires_at):
        raise InvalidDpopProofError(description="The DPoP proof was used before.")
    return shown.jkt


def new_nonce() -> str:
    """The nonce of now (RFC 9449 §8)."""
    return nonce_of_now(_NONCE_SALT)
