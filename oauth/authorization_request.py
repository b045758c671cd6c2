"""The authorization request: read, checked, and nothing else (RFC 6749 §4.1.1, OIDC Core §3.1.2).

Two stages, because their errors go to different places. ``destination`` finds the client and the
redirect URI: what fails there is shown on a page and never redirected (SECURITY A1). ``parse``
checks the rest: what fails there is told to the client at its redirect URI (SECURITY A2).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import QueryDict
from oauthlib.oauth2.rfc6749.errors import (
    InvalidClientIdError,
    InvalidRequestError,
    InvalidScopeError,
    MismatchingRedirectURIError,
    OAuth2Error,
    UnsupportedResponseTypeError,
)
from oauthlib.openid.connect.core.exceptions import (
    RegistrationNotSupported,
    RequestNotSupported,
    RequestURINotSupported,
)

from . import pkce, scopes
from .client_authentication import find_client
from .grants.base import allowed_resource
from .models import Client

RESPONSE_MODES = ("query", "form_post")
PROMPTS = frozenset({"none", "login", "consent", "select_account"})
STATE_MAX_LENGTH = 1024
NONCE_MAX_LENGTH = 255
HINT_MAX_LENGTH = 4000
MAX_AGE_LIMIT = 10**9
INSTEAD_OF_IMPLICIT = "The implicit grant is not offered; use response_type=code with PKCE."


@dataclass(frozen=True)
class Destination:
    """Where the answer goes: the client, its redirect URI, and how."""

    client: Client
    redirect_uri: str
    response_mode: str
    state: str


@dataclass(frozen=True)
class AuthorizationRequest:
    """A request whose every parameter has been checked. ``max_age`` is in seconds."""

    client: Client
    redirect_uri: str
    scopes: tuple[str, ...]
    resource: tuple[str, ...]
    code_challenge: str
    nonce: str
    prompt: frozenset[str]
    max_age: int | None
    login_hint: str
    id_token_hint: str
    acr_values: tuple[str, ...]


def destination(params: QueryDict) -> Destination:
    """Who asks, and where the answer may go.

    Raises ``InvalidClientIdError`` or ``MismatchingRedirectURIError``, which are for a page. A
    response mode or state that can't be used is replaced by what can: ``parse`` complains of it.
    """
    client_ids, redirect_uris = params.getlist("client_id"), params.getlist("redirect_uri")
    client = find_client(client_ids[0]) if len(client_ids) == 1 else None
    if client is None or not client.enabled or not client.may_use("authorization_code"):
        raise InvalidClientIdError
    if len(redirect_uris) != 1 or not client.redirect_uri_allowed(redirect_uris[0]):
        raise MismatchingRedirectURIError
    response_mode = params.get("response_mode") or "query"
    state = params.get("state", "")
    return Destination(
        client=client,
        redirect_uri=redirect_uris[0],
        response_mode=response_mode if response_mode in RESPONSE_MODES else "query",
        state=state if len(state) <= STATE_MAX_LENGTH and _is_clean(state) else "",
    )


def _is_clean(value: str) -> bool:
    """Whether the value can be stored and sent back: no control characters, no broken UTF-8."""
    return not any(ord(char) < 0x20 or char in "\x7f\ufffd" for char in value)


def _single(params: QueryDict) -> dict[str, str]:
    """The parameters by name. Raises ``InvalidRequestError`` for a repeated one (RFC 6749 §3.1)."""
    for name, values in params.lists():
        if len(values) > 1 and name != "resource":
            raise InvalidRequestError(description="Duplicate parameter in the request.")
    return {name: values[0] for name, values in params.lists() if values[0]}


def parse(params: QueryDict, to: Destination) -> AuthorizationRequest:
    """Check everything else. Raises ``OAuth2Error``, which is for the redirect URI."""
    given = _single(params)
    _check_bounds(given)
    _check_unsupported(given)
    _check_response(given)
    asked = scopes.parse(given.get("scope"))
    if scopes.unknown(asked, to.client.scopes):
        raise InvalidScopeError(description="The scope is unknown or not for this client.")
    resource = tuple(value for value in params.getlist("resource") if value)
    return AuthorizationRequest(
        client=to.client,
        redirect_uri=to.redirect_uri,
        scopes=tuple(asked),
        resource=tuple(allowed_resource(resource, to.client)),
        code_challenge=pkce.check_challenge(
            given.get("code_challenge"), given.get("code_challenge_method")
        ),
        nonce=given.get("nonce", ""),
        prompt=_prompt(given.get("prompt", "")),
        max_age=_max_age(given.get("max_age")),
        login_hint=given.get("login_hint", ""),
        id_token_hint=given.get("id_token_hint", ""),
        acr_values=tuple(given.get("acr_values", "").split()),
    )


def _check_bounds(given: dict[str, str]) -> None:
    limits = {
        "state": STATE_MAX_LENGTH,
        "nonce": NONCE_MAX_LENGTH,
        "scope": scopes.MAX_LENGTH,
    }
    for name, value in given.items():
        if len(value) > limits.get(name, HINT_MAX_LENGTH) or not _is_clean(value):
            raise InvalidRequestError(description="A parameter is too long or malformed.")


def _check_unsupported(given: dict[str, str]) -> None:
    """OIDC Core §3.1.2.6 has an error of its own for each thing that a server may leave out."""
    unsupported: dict[str, type[OAuth2Error]] = {
        "request": RequestNotSupported,
        "request_uri": RequestURINotSupported,
        "registration": RegistrationNotSupported,
    }
    for name, error in unsupported.items():
        if name in given:
            raise error(description=f"The {name} parameter is not supported.")


def _check_response(given: dict[str, str]) -> None:
    response_type = given.get("response_type")
    if not response_type:
        raise InvalidRequestError(description="Missing response_type parameter.")
    if response_type != "code":
        implicit = set(response_type.split()) <= {"token", "id_token"}
        raise UnsupportedResponseTypeError(description=INSTEAD_OF_IMPLICIT if implicit else None)
    if given.get("response_mode", "query") not in RESPONSE_MODES:
        raise InvalidRequestError(description="Unsupported response_mode.")


def _prompt(value: str) -> frozenset[str]:
    asked = frozenset(value.split())
    if not asked <= PROMPTS:
        raise InvalidRequestError(description="Unsupported prompt value.")
    if "none" in asked and len(asked) > 1:
        raise InvalidRequestError(description="prompt=none goes with no other prompt value.")
    return asked


def _max_age(value: str | None) -> int | None:
    if value is None:
        return None
    if not (value.isascii() and value.isdigit()) or int(value[:12]) > MAX_AGE_LIMIT:
        raise InvalidRequestError(description="max_age is a number of seconds.")
    return int(value)


def as_pairs(error: OAuth2Error) -> list[tuple[str, Any]]:
    """The parameters of an error response (RFC 6749 §4.1.2.1)."""
    return [pair for pair in error.twotuples if pair[0] != "state"]
