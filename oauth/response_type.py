"""What an authorization request wants back, and how it is carried (OAuth 2.0 Multiple Response Type
Encoding Practices, OAuth 2.0 Form Post Response Mode, JARM §2.3)."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from oauthlib.oauth2.rfc6749.errors import (
    InvalidRequestError,
    InvalidScopeError,
    UnauthorizedClientError,
    UnsupportedResponseTypeError,
)

from . import security_profile
from .client_metadata import RESPONSE_TYPES
from .explanation import printable
from .models import Client

JWT = "jwt"
"""The mode that stands for the signed form of the response type's default (JARM §2.3.4)."""
CARRIERS = ("query", "fragment", "form_post")
RESPONSE_MODES = (*CARRIERS, JWT, *(f"{carrier}.{JWT}" for carrier in CARRIERS))
INSTEAD_OF_IMPLICIT = "The implicit grant is not offered; use response_type=code with PKCE."
INSTEAD_OF_HYBRID = "Access tokens are not given to browsers; use response_type=code id_token."


def normal(response_type: str) -> str:
    """The response type with its parts in order, since theirs doesn't matter (RFC 6749 §3.1.1)."""
    return " ".join(sorted(set(response_type.split())))


def _default(response_type: str) -> str:
    """Tokens are kept from servers' logs (Multiple Response Types §5)."""
    return "fragment" if {"token", "id_token"} & set(response_type.split()) else "query"


def _resolved(response_mode: str, response_type: str) -> str:
    default = _default(response_type)
    return {"": default, JWT: f"{default}.{JWT}"}.get(response_mode, response_mode)


def _may_carry(mode: str, response_type: str, client: Client) -> bool:
    """Whether an answer may be carried so. No token goes into a query, but an encrypted one
    (Multiple Response Types §3, JARM §2.3.1)."""
    if mode not in RESPONSE_MODES:
        return False
    carrier, _, form = mode.partition(".")
    exposed = not (form and client.registered("authorization_encrypted_response_alg"))
    return not (carrier == "query" and exposed and _default(response_type) != "query")


def mode_for(response_mode: str, response_type: str, client: Client) -> str:
    """The mode of the answer, which may be an error: the one asked for where it can be used, or
    else the default of the response type. Never ``jwt`` alone."""
    mode = _resolved(response_mode, response_type)
    return mode if _may_carry(mode, response_type, client) else _default(response_type)


def check(given: Mapping[str, str], client: Client) -> str:
    """The response type that ``client`` asks for, in its normal form.

    Raises ``InvalidRequestError``, ``UnsupportedResponseTypeError`` or ``UnauthorizedClientError``.
    """
    response_type = normal(given.get("response_type", ""))
    if not response_type:
        raise InvalidRequestError(description="Missing response_type parameter.")
    if response_type not in RESPONSE_TYPES:
        raise UnsupportedResponseTypeError(description=_instead(response_type))
    registered = security_profile.response_types(client)
    if response_type not in registered:
        raise UnauthorizedClientError(
            description=f"The client is not registered for response_type={response_type}, but for: "
            f"{', '.join(registered)}"
        )
    mode = _resolved(given.get("response_mode", ""), response_type)
    if not _may_carry(mode, response_type, client):
        raise InvalidRequestError(
            description=f"Unsupported response_mode: {printable(given.get('response_mode', ''))}"
        )
    return response_type


def _instead(response_type: str) -> str:
    asked = set(response_type.split())
    if asked <= {"token", "id_token"}:
        return INSTEAD_OF_IMPLICIT
    if asked <= {"code", "token", "id_token"}:
        return INSTEAD_OF_HYBRID
    return f"Unsupported response_type: {printable(response_type)}"


def check_id_token(scopes: Collection[str], nonce: str) -> None:
    """An ID token through the browser is bound to the client's session (OIDC Core §3.3.2.11).

    Raises ``InvalidScopeError`` or ``InvalidRequestError``.
    """
    if "openid" not in scopes:
        raise InvalidScopeError(description="An ID token needs the openid scope.")
    if not nonce:
        raise InvalidRequestError(description="This response_type needs a nonce.")
