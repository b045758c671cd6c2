"""Proof Key for Code Exchange (RFC 7636), ``S256`` only, for every client (RFC 9700 §2.1.1).

An operator may let a confidential one go without, whose library can't do it: then each of its
requests has to carry an OpenID ``nonce``, which ties the code to the browser at the client instead
(OAuth 2.1 §7.5.1). Whether it is checked there, and before the code is used, we can't see.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from oauthlib.oauth2.rfc6749.errors import InvalidGrantError, InvalidRequestError

from . import security_profile
from .conf import oauth_settings

if TYPE_CHECKING:
    from .models import Client

METHOD = "S256"
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")


def challenge_of(verifier: str) -> str:
    """``BASE64URL(SHA256(ASCII(code_verifier)))`` (RFC 7636 §4.2)."""
    digest = hashlib.sha256(verifier.encode("ascii")).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")


def check_challenge(challenge: str | None, method: str | None) -> str:
    """The ``code_challenge`` of an authorization request (RFC 7636 §4.4.1).

    Raises ``InvalidRequestError`` when it is missing or malformed, or its method is not ``S256``:
    without a method the RFC means ``plain``, which is refused too.
    """
    if not challenge:
        raise InvalidRequestError(
            description="Code challenge required: send code_challenge and "
            "code_challenge_method=S256 (PKCE)."
        )
    if method != METHOD:
        raise InvalidRequestError(description="Transform algorithm not supported, use S256.")
    if not _CHALLENGE.fullmatch(challenge):
        raise InvalidRequestError(description="Malformed code_challenge.")
    return challenge


def check_verifier(verifier: str | None, challenge: str) -> None:
    """Verify a code verifier (RFC 7636 §4.6). Raises ``InvalidGrantError``."""
    if not verifier or not _VERIFIER.fullmatch(verifier):
        raise InvalidGrantError(description="code_verifier missing or malformed.")
    if not hmac.compare_digest(challenge_of(verifier), challenge):
        raise InvalidGrantError(description="code_verifier does not match the code_challenge.")


# --- going without --------------------------------------------------------------------------------


def can_be_exempt(client: Client) -> bool:
    """Whether an operator may let ``client`` go without: one that can keep a secret, that an
    operator has looked at, and that is not held to a profile that wants PKCE."""
    return (
        oauth_settings.PKCE_EXEMPTIONS_ALLOWED
        and client.client_type == client.CLIENT_CONFIDENTIAL
        and client.registration_source == client.RegistrationSource.MANUAL
        and not security_profile.is_fapi2(client)
    )


def is_exempt(client: Client) -> bool:
    """Whether an operator lets ``client`` go without, now."""
    return client.pkce_exempt and can_be_exempt(client)


def challenge_of_request(
    given: Mapping[str, str], client: Client, scopes: Collection[str], nonce: str
) -> str:
    """The ``code_challenge`` of an authorization request of ``client`` that gets ``scopes``; ``""``
    for one that goes without. Raises ``InvalidRequestError``."""
    challenge, method = given.get("code_challenge"), given.get("code_challenge_method")
    if challenge or method or not is_exempt(client):
        return check_challenge(challenge, method)
    if "openid" not in scopes or not nonce:
        raise InvalidRequestError(
            description="Code challenge required, or, of this client, the scope openid and a nonce."
        )
    return ""


def check_redemption(verifier: str | None, challenge: str, client: Client) -> None:
    """Hold the ``code_verifier`` of a token request against the code's ``challenge``: a code with
    one needs it, a code without takes none, so that neither can be played for the other (RFC 9700
    §2.1.1). Raises ``InvalidGrantError``."""
    if challenge or not is_exempt(client):
        check_verifier(verifier, challenge)
    elif verifier:
        raise InvalidGrantError(description="code_verifier for a code without code_challenge.")
