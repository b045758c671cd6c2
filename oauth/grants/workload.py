"""What both grants share that take the token of an outside issuer (RFC 7523 §2.1, RFC 8693)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from oauthlib.oauth2.rfc6749.errors import OAuth2Error

from .. import access_token, client_authentication, mtls, scopes, workload
from ..confirmation import token_type
from ..models import Client
from ..workload import OutsideTokenRefused, Use, Workload
from .base import InvalidTargetError, TokenRequest, allowed_resource, found_among


def identified(
    params: Mapping[str, str],
    authorization: str | None,
    certificate: mtls.Shown | None,
    token: str,
    use: Use,
    error: type[OAuth2Error],
) -> tuple[Client, Workload]:
    """Who shows an outside token, and as what it counts.

    The token is enough. Credentials that come with it have to be right, and of the very client
    that the rule names (RFC 7521 §4.1). Raises ``error`` for a token that is not taken.
    """
    client_id = client_authentication.named_client(params, authorization)
    if client_authentication.has_credentials(params, authorization):
        client_id = client_authentication.authenticate(params, authorization, certificate).client_id
    try:
        found = workload.recognise(token, use, client_id)
    except OutsideTokenRefused as refused:
        raise error(description=str(refused)) from None
    return found.client, found


def scopes_for(requested: str | None, found: Workload, audience: list[str]) -> list[str]:
    """Of the scopes asked for, or of all, those that both the rule and the client have at
    ``audience``. Raises ``InvalidScopeError``."""
    both = [name for name in found.rule.scopes if name in found.client.scopes]
    return scopes.given(requested, scopes.of_itself(both, audience), found.client)


def audience_for(requested: tuple[str, ...], found: Workload) -> list[str]:
    """The one API that the token is to be for: what is asked, or else the first that both the rule
    and the client have; none where they have none. Raises ``InvalidTargetError``."""
    client, rule = found.client, found.rule
    possible = [uri for uri in rule.audiences or client.audiences if uri in client.audiences]
    asked = found_among(possible, requested, "is not one that the rule gives")
    if len(asked) > 1:
        raise InvalidTargetError(description="Name one audience or resource.")
    if rule.audiences and not possible:
        raise InvalidTargetError(description="The client has no API of the rule.")
    return allowed_resource(asked or possible[:1], client)


def issued(
    request: TokenRequest,
    found: Workload,
    granted: list[str],
    audience: list[str],
    use: Use,
    error: type[OAuth2Error],
) -> dict[str, Any]:
    """Use the outside token up, and answer with ours. Raises ``error`` where it was used before."""
    client = found.client
    lifetime = min(found.rule.lifetime, client.access_token_lifetime)
    try:
        workload.spend(found, use)
    except OutsideTokenRefused as refused:
        raise error(description=str(refused)) from None
    made = access_token.for_workload(
        client,
        found.identity,
        granted,
        audience,
        request.confirmation,
        lifetime=lifetime,
    )
    return {
        "access_token": made.token,
        "token_type": token_type(request.confirmation),
        "expires_in": made.lifetime,
        "scope": " ".join(granted),
    }
