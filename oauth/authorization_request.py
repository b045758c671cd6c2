"""The authorization request: read, checked, and nothing else (RFC 6749 §4.1.1, OIDC Core §3.1.2).

Two stages, because their errors go to different places. ``asking_client`` and ``destination`` find
the client and the redirect URI: what fails there is shown on a page and never redirected (SECURITY
A1). ``parse`` checks the rest: what fails there is told to the client at its redirect URI (A2).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import jwt
from django.http import QueryDict
from oauthlib.oauth2.rfc6749.errors import (
    InvalidClientIdError,
    InvalidRequestError,
    MismatchingRedirectURIError,
    OAuth2Error,
)
from oauthlib.openid.connect.core.exceptions import RegistrationNotSupported

from . import client_id_metadata, dpop, id_token, pkce, requested_claims, response_type, scopes
from .client_authentication import find_client
from .conf import oauth_settings
from .explanation import explained, printable
from .grants.base import allowed_resource, check_grant_type
from .models import Client
from .parameters import QUERY_MAX_LENGTH, only, pairs, single, values
from .requested_claims import RequestedClaims

MAX_LENGTHS = {
    "state": 8192,
    "nonce": 255,
    "scope": 4000,
    "login_hint": 255,
    "acr_values": 500,
    "id_token_hint": 16_384,
}
"""Longest value taken of what can be of any content, in characters."""
MAX_AGE_DIGITS = 10


@dataclass(frozen=True)
class Destination:
    """Where the answer goes: the client, its redirect URI, and how."""

    client: Client
    redirect_uri: str
    response_mode: str
    state: str


@dataclass(frozen=True)
class AuthorizationRequest:
    """A request whose every parameter has been checked.

    ``code_challenge`` is ``""`` where the client may go without; ``max_age`` is in seconds;
    ``subjects`` are the ``sub`` values of which the person must have
    one, by ``id_token_hint`` or ``claims``, ``None`` for any person.
    """

    client: Client
    redirect_uri: str
    response_type: str
    scopes: tuple[str, ...]
    resource: tuple[str, ...]
    code_challenge: str
    nonce: str
    dpop_jkt: str
    prompt: frozenset[str]
    max_age: int | None
    login_hint: str
    subjects: frozenset[str] | None
    acr_values: tuple[str, ...]
    claims: RequestedClaims

    @property
    def consent_scopes(self) -> tuple[str, ...]:
        """The scopes that the person is asked about: those that are to be given, and those that
        cover the claims asked for by name."""
        return tuple(dict.fromkeys([*self.scopes, *self.claims.scopes(self.client.scopes)]))


def asking_client(params: QueryDict) -> Client:
    """Who asks. Raises ``InvalidClientIdError``, which is for a page."""
    client_id, why = only(params, "client_id"), "There is no client with this client_id."
    client = None
    try:
        client = client_id_metadata.resolve(client_id, find_client(client_id), refresh=True)
    except client_id_metadata.DocumentRefused as refused:
        why = str(refused)
    if client is None or not client.enabled:
        raise explained(
            InvalidClientIdError(description=why),
            "client_id",
            sent=_sent(params, "client_id"),
        )
    return client


def destination(params: QueryDict, client: Client) -> Destination:
    """Where the answer to a request of ``client`` may go.

    Raises ``MismatchingRedirectURIError``, which is for a page. A response mode or state that
    can't be used is replaced by what can: ``parse`` complains of it.
    """
    redirect_uri = only(params, "redirect_uri")
    if not client.redirect_uri_allowed(redirect_uri):
        raise explained(
            MismatchingRedirectURIError(
                description="redirect_uri is not one that is registered for this client."
            ),
            "redirect_uri",
            sent=_sent(params, "redirect_uri"),
            allowed=client.redirect_uris.split(),
            client=client,
        )
    state = only(params, "state")
    return Destination(
        client=client,
        redirect_uri=redirect_uri,
        response_mode=response_type.mode_for(
            only(params, "response_mode"), only(params, "response_type"), client
        ),
        # One that is too long is refused, and comes back: without, the client would take the error
        # for a forged one (RFC 6749 §4.1.2.1).
        state=state if len(state) <= QUERY_MAX_LENGTH and _is_plain(state) else "",
    )


def _sent(params: QueryDict, name: str) -> str:
    return " ".join(params.getlist(name))


def is_usable(name: str, value: str) -> bool:
    """Whether a value can be stored and used: of bounded length, and plain text."""
    return len(value) <= MAX_LENGTHS[name] and _is_plain(value)


def _is_plain(value: str) -> bool:
    """Whether a value can be sent back as it came: without control characters or broken UTF-8."""
    return not any(ord(char) < 0x20 or char in "\x7f\ufffd" for char in value)


def parse(params: QueryDict, to: Destination) -> AuthorizationRequest:
    """Check everything else. Raises ``OAuth2Error``, which is for the redirect URI."""
    every = pairs(params)
    given = single(every)
    for name in MAX_LENGTHS:
        if not is_usable(name, given.get(name, "")):
            raise InvalidRequestError(
                description=f"{name} is too long or malformed: at most {MAX_LENGTHS[name]} "
                "characters, and no control characters."
            )
    if "registration" in given:  # OIDC Core §7.2.1
        raise RegistrationNotSupported(description="The registration parameter is not supported.")
    wanted = response_type.check(given, to.client)
    check_grant_type(to.client, "authorization_code")
    resource = tuple(allowed_resource(values(every, "resource"), to.client))
    nonce = given.get("nonce", "")
    asked = tuple(scopes.given_by_person(given.get("scope"), to.client, resource))
    if "id_token" in wanted:
        response_type.check_id_token(asked, nonce)
    requested = requested_claims.parse(given.get("claims", "") if "openid" in asked else "")
    return AuthorizationRequest(
        client=to.client,
        redirect_uri=to.redirect_uri,
        response_type=wanted,
        scopes=asked,
        resource=resource,
        code_challenge=pkce.challenge_of_request(given, to.client, asked, nonce),
        nonce=nonce,
        dpop_jkt=_dpop_jkt(given.get("dpop_jkt", "")),
        prompt=_prompt(given.get("prompt", "")),
        max_age=_max_age(given.get("max_age"), to.client),
        login_hint=given.get("login_hint", ""),
        subjects=_subjects(given.get("id_token_hint"), requested),
        acr_values=(*requested.acr_values, *given.get("acr_values", "").split()),
        claims=requested.covered_by(to.client.scopes),
    )


def _subjects(hint: str | None, requested: RequestedClaims) -> frozenset[str] | None:
    if not hint:
        return requested.subjects
    try:
        hinted = frozenset({str(id_token.verify_hint(hint)["sub"])})
        return hinted if requested.subjects is None else hinted & requested.subjects
    except jwt.InvalidTokenError:
        raise InvalidRequestError(
            description="id_token_hint is not an ID token of this server."
        ) from None


def _dpop_jkt(value: str) -> str:
    """The key that must redeem the code (RFC 9449 §10)."""
    if value and not dpop.is_thumbprint(value):
        raise InvalidRequestError(description="dpop_jkt is not a JWK thumbprint.")
    return value


def prompts() -> frozenset[str]:
    """The values of ``prompt`` that this site answers (OIDC Core §3.1.2.1; ``create``: Initiating
    User Registration via OpenID Connect 1.0)."""
    offered = {"none", "login", "consent", "select_account"}
    return frozenset(offered | {"create"} if oauth_settings.SIGNUP_URL else offered)


def _prompt(value: str) -> frozenset[str]:
    asked = frozenset(value.split())
    if unsupported := asked - prompts():
        raise InvalidRequestError(
            description=f"Unsupported prompt: {printable(' '.join(sorted(unsupported)))}"
        )
    if "none" in asked and len(asked) > 1:
        raise InvalidRequestError(description="prompt=none goes with no other prompt value.")
    return asked


def _max_age(value: str | None, client: Client) -> int | None:
    """In seconds: the request's, else the client's ``default_max_age`` (Registration §2)."""
    if value is None:
        default: int | None = client.registered("default_max_age")
        return default
    if not (value.isascii() and value.isdigit()) or len(value) > MAX_AGE_DIGITS:
        raise InvalidRequestError(description="max_age is a number of seconds.")
    return int(value)


def as_pairs(error: OAuth2Error) -> list[tuple[str, Any]]:
    """The parameters of an error response (RFC 6749 §4.1.2.1)."""
    return [pair for pair in error.twotuples if pair[0] != "state"]
