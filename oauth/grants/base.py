"""What every grant at the token endpoint has in common."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from oauthlib.common import Request
from oauthlib.oauth2.rfc6749.errors import (
    OAuth2Error,
    UnauthorizedClientError,
)
from oauthlib.oauth2.rfc6749.grant_types.base import GrantTypeBase

from .. import apis, client_authentication, confirmation, dpop, mtls, resource_indicator, signer
from ..client_rules import AUDIENCE_MAX_LENGTH
from ..conf import oauth_settings
from ..confirmation import Confirmation
from ..explanation import printable
from ..issuer import endpoint
from ..models import Client
from ..parameters import REPEATABLE, single, values
from ..workload import Workload

BASIC_CHALLENGE = {"WWW-Authenticate": 'Basic realm="token", charset="UTF-8"'}


class InvalidTargetError(OAuth2Error):  # type: ignore[misc]  # oauthlib is untyped
    """The requested resource is unknown, or not for this client (RFC 8707 §2)."""

    error = "invalid_target"


@dataclass(frozen=True, repr=False)
class Received:
    """A request as it came to the token endpoint: its parameters with every value they were given,
    the headers that say who sends it, and the certificate of its connection."""

    parameters: Sequence[tuple[str, str]]
    authorization: str | None
    proof: str | None
    certificate: mtls.Shown | None

    @property
    def grant_type(self) -> str:
        """Which grant is asked for; ``""`` for none."""
        return dict(self.parameters).get("grant_type", "")


Answer = tuple[dict[str, str], str, int]
"""Headers beyond those of each answer, body, and status."""


@dataclass(frozen=True, repr=False)
class TokenRequest:
    """A token request of an authenticated client: its parameters, each given once but ``resource``
    and where the grant has it ``audience``, the key it has proven to hold, and, where a token of
    another issuer said who it is, that."""

    client: Client
    params: Mapping[str, str]
    resource: tuple[str, ...]
    audience: tuple[str, ...] = ()
    confirmation: Confirmation = field(default_factory=dict)
    workload: Workload | None = None


def check_grant_type(client: Client, grant_type: str) -> None:
    """Raise ``UnauthorizedClientError`` unless ``client`` is registered for ``grant_type``."""
    if not client.may_use(grant_type):
        registered = ", ".join(client.grant_types) or "none"
        raise UnauthorizedClientError(
            description=f"This client is not registered for {grant_type}, but for: {registered}"
        )


def allowed_resource(resource: Sequence[str], client: Client) -> list[str]:
    """The audience to issue for: what was asked, as it is registered, if the client may (RFC 8707
    §2).

    One token is for one API, unless the client may get one for several (§3). Raises
    ``InvalidTargetError``.
    """
    found = found_among(client.audiences, resource, "is not one that this client may use")
    for uri in found:
        if apis.is_closed(uri):
            raise InvalidTargetError(description=f"The resource {printable(uri)} is disabled.")
    check_count(found, client)
    return found


def found_among(registered: Sequence[str], named: Sequence[str], lack: str) -> list[str]:
    """Each of the APIs ``named``, once, as it is ``registered``. Raises ``InvalidTargetError`` with
    the words ``lack`` for one that isn't."""
    found = [resource_indicator.find(uri, registered) for uri in named]
    if None in found:
        unknown = printable(named[found.index(None)])
        raise InvalidTargetError(description=f"The resource {unknown} {lack}.")
    return list(dict.fromkeys(uri for uri in found if uri is not None))


def check_count(resource: Sequence[str], client: Client) -> None:
    """Raise ``InvalidTargetError`` unless ``client`` may get one token for so many APIs."""
    if len(resource) > 1 and not client.registered("multiple_audiences"):
        raise InvalidTargetError(description="This client may name one resource.")
    if len(" ".join(resource)) > AUDIENCE_MAX_LENGTH:
        raise InvalidTargetError(description="These are too many resources.")


def narrowed_resource(
    requested: Sequence[str], granted: Sequence[str], client: Client
) -> list[str]:
    """The audience to issue for: what was asked of what was granted, or all of it (RFC 8707 §2.2).

    Raises ``InvalidTargetError``.
    """
    asked = found_among(granted, requested, "was not granted")
    return allowed_resource(asked or granted, client)


class TokenGrant(GrantTypeBase):  # type: ignore[misc]  # oauthlib is untyped
    """Authenticate the client, check that it may use this grant, then let the grant answer."""

    grant_type: str
    repeatable = REPEATABLE

    def create_token_response(self, request: Request, token_handler: object) -> Answer:
        """oauthlib's entry point, behind its own server class."""
        headers, body, status = self.answer(
            Received(
                request.decoded_body or [],
                request.headers.get("Authorization"),
                request.headers.get("DPoP"),
                request.extra_credentials,
            )
        )
        return {**self._get_default_headers(), **headers}, body, status

    def answer(self, received: Received) -> Answer:
        """The answer, whatever comes of the request."""
        headers: dict[str, str] = {}
        try:
            answer = self._granted(received, headers)
        except OAuth2Error as error:
            if error.status_code == 401:
                headers.update(BASIC_CHALLENGE)
            if isinstance(error, dpop.UseDpopNonceError):
                headers["DPoP-Nonce"] = dpop.new_nonce()
            return headers, error.json, error.status_code
        return headers, json.dumps(answer), 200

    def _granted(self, received: Received, headers: dict[str, str]) -> dict[str, Any]:
        params = single(received.parameters, self.repeatable)
        client, workload = self.identify(params, received.authorization, received.certificate)
        check_grant_type(client, self.grant_type)
        if oauth_settings.DPOP_NONCE_REQUIRED:
            headers["DPoP-Nonce"] = dpop.new_nonce()
        shown = confirmation.proven(
            client, received.proof, received.certificate, url=endpoint("token")
        )
        resource = values(received.parameters, "resource")
        audience = values(received.parameters, "audience")
        asked = TokenRequest(client, params, resource, audience, shown, workload)
        with client_authentication.while_registered(client):
            return self._signed_or_undone(asked)

    def identify(
        self,
        params: Mapping[str, str],
        authorization: str | None,
        certificate: mtls.Shown | None,
    ) -> tuple[Client, Workload | None]:
        """Whose request this is. Raises ``OAuth2Error``."""
        return client_authentication.authenticate(params, authorization, certificate), None

    def _signed_or_undone(self, request: TokenRequest) -> dict[str, Any]:
        """The answer. Where the keys are with a signer, that may be away: then what the request
        consumed is not consumed, and the client can come with it again. What a refusal wrote stays.
        """
        if not signer.is_configured():
            return self.respond(request)
        with transaction.atomic():
            try:
                return self.respond(request)
            except signer.SignerUnavailableError:
                raise
            except OAuth2Error as error:
                refusal = error
        raise refusal

    def respond(self, request: TokenRequest) -> dict[str, Any]:
        """Validate without writing, then issue in one transaction. Raises ``OAuth2Error``."""
        raise NotImplementedError
