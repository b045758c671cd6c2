"""Token exchange (RFC 8693): an API that was called gets a token to call the next one with."""

from __future__ import annotations

import time
from typing import Any

import jwt
from oauthlib.oauth2.rfc6749.errors import (
    InvalidGrantError,
    InvalidRequestError,
    InvalidScopeError,
    UnauthorizedClientError,
)

from .. import access_token, claims, families, keys, scopes
from ..confirmation import token_type
from ..issuer import issuer
from ..models import ExchangeRule
from .base import InvalidTargetError, TokenGrant, TokenRequest

ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"  # noqa: S105  (a name, no secret)


class TokenExchangeGrant(TokenGrant):
    """A token of ours for one of another audience, as a rule allows. Nothing is written."""

    grant_type = "urn:ietf:params:oauth:grant-type:token-exchange"

    def respond(self, request: TokenRequest) -> dict[str, Any]:
        """A token that is worth no more than the subject token, in no respect."""
        client = request.client
        if client.is_public:
            raise UnauthorizedClientError(description="A public client can't exchange tokens.")
        target = target_of(request)
        subject = subject_of(request)
        rule = rule_for(request, subject, target)
        granted = scopes_for(request.params.get("scope"), subject, rule)
        lifetime = min(
            rule.lifetime, client.access_token_lifetime, subject["exp"] - int(time.time())
        )
        if lifetime <= 0:
            raise invalid_subject()
        token = access_token.for_exchange(
            client,
            subject,
            granted,
            target,
            request.confirmation,
            lifetime=lifetime,
            delegation=rule.delegation,
        )
        return {
            "access_token": token,
            "issued_token_type": ACCESS_TOKEN,
            "token_type": token_type(request.confirmation),
            "expires_in": lifetime,
            "scope": " ".join(granted),
        }


def invalid_subject() -> InvalidGrantError:
    """The error for every subject token that is not good."""
    return InvalidGrantError(description="The subject token is not valid.")


def target_of(request: TokenRequest) -> str:
    """The one audience that the new token is to be for (§2.1).

    Raises ``InvalidRequestError`` for what is not supported, ``InvalidTargetError``.
    """
    params = request.params
    if params.get("requested_token_type", ACCESS_TOKEN) != ACCESS_TOKEN:
        raise InvalidRequestError(description=f"requested_token_type must be {ACCESS_TOKEN}.")
    if "actor_token" in params or "actor_token_type" in params:
        raise InvalidRequestError(
            description="actor_token is not supported: the authenticated client is the actor."
        )
    named = {*request.resource, *([params["audience"]] if "audience" in params else [])}
    if len(named) != 1:
        raise InvalidTargetError(description="Name one audience or resource.")
    return named.pop()


def subject_of(request: TokenRequest) -> dict[str, Any]:
    """The claims of the subject token, if it is an access token of ours that is alive; ``sub`` is
    the name by which the requesting client knows the person.

    Raises ``InvalidRequestError`` or ``InvalidGrantError``.
    """
    token = request.params.get("subject_token")
    if not token:
        raise InvalidRequestError(description="Missing subject_token parameter.")
    if request.params.get("subject_token_type") != ACCESS_TOKEN:
        raise InvalidRequestError(description=f"subject_token_type must be {ACCESS_TOKEN}.")
    try:
        subject = keys.verify(token, typ=access_token.TYP, issuer=issuer(), audience=None)
    except jwt.InvalidTokenError:
        raise invalid_subject() from None
    if "gid" not in subject:
        if not families.stands(subject):
            raise invalid_subject()
        return subject
    grant = families.find_alive(subject)
    if grant is None:
        raise invalid_subject()
    return {**subject, "sub": claims.subject_for(grant.user, request.client)}


def rule_for(request: TokenRequest, subject: dict[str, Any], target: str) -> ExchangeRule:
    """The rule that lets this client exchange this token. Raises ``InvalidTargetError``."""
    audience = subject["aud"] if isinstance(subject["aud"], list) else [subject["aud"]]
    rule: ExchangeRule | None = (
        ExchangeRule.objects.filter(
            client=request.client, subject_audience__in=audience, target_audience=target
        )
        .order_by("pk")
        .first()
    )
    if rule is None:
        raise InvalidTargetError(description="No rule lets this client exchange the token so.")
    return rule


def scopes_for(requested: str | None, subject: dict[str, Any], rule: ExchangeRule) -> list[str]:
    """The scopes asked for, or all that both the rule and the subject token have.

    The OpenID scopes stay behind: they are about this server. Raises ``InvalidScopeError``.
    """
    held = subject["scope"].split()
    possible = [name for name in held if name in rule.scopes and name not in scopes.STANDARD]
    asked = scopes.parse(requested) or possible
    if not asked or not set(asked) <= set(possible):
        raise InvalidScopeError(description="The scope exceeds the subject token or the rule.")
    return asked
