"""Token exchange (RFC 8693): an API that was called gets a token to call the next one with, and a
workload one for what its own platform signed."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

import jwt
from oauthlib.oauth2.rfc6749.errors import (
    InvalidRequestError,
    UnauthorizedClientError,
)

from .. import access_token, apis, claims, delegation, families, mtls, scopes
from ..confirmation import token_type
from ..delegation import ActorRefused
from ..issuer import issuer
from ..models import Client, ExchangeRule
from ..models.trust_rule import TOKEN_EXCHANGE
from ..workload import OutsideTokenRefused, Use, Workload, read
from . import workload
from .base import InvalidTargetError, TokenGrant, TokenRequest, check_count, found_among

ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"  # noqa: S105  (a name, no secret)
JWT = "urn:ietf:params:oauth:token-type:jwt"
TOKEN_TYPES = (ACCESS_TOKEN, JWT)
OPAQUE = Client.RevocationPolicy.OPAQUE


class TokenExchangeGrant(TokenGrant):
    """A token of ours for one of another audience, as an exchange rule allows, or for one of
    another issuer, as a trust rule does."""

    grant_type = TOKEN_EXCHANGE
    repeatable = frozenset({"audience", "resource"})

    def identify(
        self,
        params: Mapping[str, str],
        authorization: str | None,
        certificate: mtls.Shown | None,
    ) -> tuple[Client, Workload | None]:
        """The authenticated client; for an outside subject token, the one that its rule names."""
        token = params.get("subject_token", "")
        if params.get("subject_token_type") != JWT or not is_of_another_issuer(token):
            return super().identify(params, authorization, certificate)
        return workload.identified(
            params, authorization, certificate, token, Use.TOKEN_EXCHANGE, InvalidRequestError
        )

    def respond(self, request: TokenRequest) -> dict[str, Any]:
        """A token that is worth no more than what was brought for it, in no respect."""
        requested = request.params.get("requested_token_type", ACCESS_TOKEN)
        if requested not in TOKEN_TYPES:
            raise InvalidRequestError(
                description=f"requested_token_type must be {' or '.join(TOKEN_TYPES)}."
            )
        if not request.audience and not request.resource:
            raise InvalidTargetError(description="Name an audience or resource.")
        answer = (
            exchanged(request, requested)
            if request.workload is None
            else for_workload(request, request.workload, requested)
        )
        return {**answer, "issued_token_type": requested}


def is_of_another_issuer(token: str) -> bool:
    """Whether a JWT says so."""
    try:
        return read(token).issuer not in ("", issuer())
    except OutsideTokenRefused:
        return False


def check_type(requested: str, client: Client, targets: list[str]) -> None:
    """Raise ``InvalidRequestError`` where a JWT is wanted for whom tokens are none."""
    if requested == JWT and apis.terms(client, targets).policy == OPAQUE:
        raise InvalidRequestError(description="Tokens for this target are opaque, and no JWTs.")


def for_workload(request: TokenRequest, found: Workload, requested: str) -> dict[str, Any]:
    """The answer to a token of another issuer."""
    if "actor_token" in request.params:
        raise InvalidRequestError(description="A workload acts for itself, without actor_token.")
    audience = workload.audience_for(request.audience + request.resource, found)
    check_type(requested, found.client, audience)
    granted = workload.scopes_for(request.params.get("scope"), found, audience)
    return workload.issued(
        request, found, granted, audience, Use.TOKEN_EXCHANGE, InvalidRequestError
    )


def exchanged(request: TokenRequest, requested: str) -> dict[str, Any]:
    """The answer to an access token of ours. Nothing is written."""
    client = request.client
    if client.is_public:
        raise UnauthorizedClientError(description="A public client can't exchange tokens.")
    subject = token_of_ours(request, "subject_token")
    actor = actor_of(request)
    rules = rules_for(request, subject)
    targets = [rule.target_audience for rule in rules]
    check_type(requested, client, targets)
    try:
        acts = [delegation.act_for(client, subject, actor, rule) for rule in rules]
    except ActorRefused as refused:
        raise InvalidRequestError(description=str(refused)) from None
    granted = scopes_for(request.params.get("scope"), subject, rules, client)
    lifetime = lifetime_for(client, rules, *(each for each in (subject, actor) if each))
    if lifetime <= 0:
        raise not_valid("subject_token")
    issued = access_token.for_exchange(
        client,
        subject,
        granted,
        targets,
        request.confirmation,
        lifetime=lifetime,
        act=next((act for act in acts if act), None),
    )
    return {
        "access_token": issued.token,
        "token_type": token_type(request.confirmation),
        "expires_in": issued.lifetime,
        "scope": " ".join(granted),
    }


def not_valid(name: str) -> InvalidRequestError:
    """The error for every subject or actor token that is not good (§2.2.2)."""
    return InvalidRequestError(description=f"The {name} is not valid.")


def token_of_ours(request: TokenRequest, name: str) -> dict[str, Any]:
    """The claims of a token that was brought, if it is an access token of ours that is alive;
    ``sub`` is the name by which the requesting client knows the person.

    Raises ``InvalidRequestError`` (§2.2.2).
    """
    params = request.params
    token = params.get(name)
    if not token:
        raise InvalidRequestError(description=f"Missing {name} parameter.")
    if params.get(f"{name}_type") not in TOKEN_TYPES:
        raise InvalidRequestError(
            description=f"{name}_type must be {' or '.join(TOKEN_TYPES)}, of an access token."
        )
    try:
        said = access_token.read(token)
    except jwt.InvalidTokenError:
        raise not_valid(name) from None
    if "gid" not in said:
        if not families.stands(said):
            raise not_valid(name)
        return said
    grant = families.find_alive(said)
    if grant is None:
        raise not_valid(name)
    return {**said, "sub": claims.subject_for(grant.user, request.client)}


def actor_of(request: TokenRequest) -> dict[str, Any] | None:
    """The claims of the actor token, where there is one. Raises ``InvalidRequestError``."""
    if "actor_token" in request.params:
        return token_of_ours(request, "actor_token")
    if "actor_token_type" in request.params:
        raise InvalidRequestError(description="actor_token_type without actor_token.")
    return None


def rules_for(request: TokenRequest, subject: dict[str, Any]) -> list[ExchangeRule]:
    """For each audience or resource that is named (§2.1) the rule that lets this client exchange
    this token for it (one SQL statement). Raises ``InvalidTargetError``."""
    audience = subject["aud"] if isinstance(subject["aud"], list) else [subject["aud"]]
    rules = {
        rule.target_audience: rule
        for rule in ExchangeRule.objects.filter(
            client=request.client, subject_audience__in=audience
        ).order_by("-pk")
        if not apis.is_closed(rule.target_audience)
    }
    targets = found_among(
        list(rules), request.audience + request.resource, "is not one that a rule gives for it"
    )
    check_count(targets, request.client)
    return [rules[target] for target in targets]


def scopes_for(
    requested: str | None,
    subject: Mapping[str, Any],
    rules: Sequence[ExchangeRule],
    client: Client,
) -> list[str]:
    """Of the scopes asked for, or of all, those that the subject token and every rule have.

    The OpenID scopes stay behind: they are about this server. Raises ``InvalidScopeError``.
    """
    held = subject["scope"].split()
    shared = [name for name in held if all(name in rule.scopes for rule in rules)]
    possible = scopes.of_itself(shared, [rule.target_audience for rule in rules])
    return scopes.given(requested, possible, client)


def lifetime_for(client: Client, rules: Sequence[ExchangeRule], *brought: Mapping[str, Any]) -> int:
    """Seconds that the new token may live: no longer than client and rules say, nor than any token
    that was brought."""
    left = min(int(said["exp"]) for said in brought) - int(time.time())
    return min(client.access_token_lifetime, left, *(rule.lifetime for rule in rules))
