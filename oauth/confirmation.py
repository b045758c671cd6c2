"""To which key of the client its tokens are bound: ``cnf`` (RFC 7800, RFC 8705 §3, RFC 9449 §6)."""

from __future__ import annotations

from collections.abc import Mapping

from oauthlib.oauth2.rfc6749.errors import InvalidGrantError, InvalidRequestError

from . import dpop, mtls, security_profile
from .conf import oauth_settings
from .models import Client

Confirmation = Mapping[str, str]
"""The members of ``cnf``; empty for a bearer token."""
NOT_BOUND: Confirmation = {}


def proven(
    client: Client, proof: str | None, certificate: mtls.Shown | None, *, url: str
) -> dict[str, str]:
    """What the proof of a POST to ``url`` (RFC 9449 §5), and the certificate of its connection
    (RFC 8705 §3), bind the tokens to.

    Raises ``InvalidDpopProofError`` or ``UseDpopNonceError``, and ``InvalidRequestError`` where a
    client does not prove what it is registered to prove.
    """
    bound: dict[str, str] = {}
    if client.registered("tls_client_certificate_bound_access_tokens"):
        if certificate is None:
            raise InvalidRequestError(description="This client must show a certificate.")
        bound["x5t#S256"] = certificate.thumbprint
    if proof is not None:
        bound["jkt"] = dpop.verify(
            proof,
            method="POST",
            url=url,
            needs_nonce=oauth_settings.DPOP_NONCE_REQUIRED,
            algorithms=security_profile.signing_algs(client),
        )
    elif client.registered("dpop_bound_access_tokens"):
        raise InvalidRequestError(description="This client must send a DPoP proof.")
    if not bound and security_profile.is_fapi2(client):
        raise InvalidRequestError(description="This client must prove a key of its own.")
    return bound


def check(bound: Confirmation, shown: Confirmation) -> None:
    """Raise ``InvalidGrantError`` unless what a code or refresh token is bound to was shown."""
    if any(shown.get(member) != value for member, value in bound.items()):
        raise InvalidGrantError(description="This is bound to another key.")


def token_type(confirmation: Confirmation) -> str:
    """How an access token so bound is to be presented (RFC 9449 §5)."""
    return "DPoP" if "jkt" in confirmation else "Bearer"
