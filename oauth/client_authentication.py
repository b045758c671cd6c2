"""Client authentication at the token endpoint (RFC 6749 §2.3, OIDC Core §9)."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import unquote_plus

from django.db import IntegrityError
from django.db.models import CharField
from oauthlib.oauth2.rfc6749.errors import InvalidClientError, InvalidRequestError

from ostiary import prepared
from ostiary.prepared import Parameter

from . import client_assertion, client_id_metadata, client_memory, mtls, security_profile, workload
from .client_rules import AUTH_METHODS
from .models import Client
from .workload import OutsideTokenRefused, Use

CLIENT_ID_MAX_LENGTH = 255


@dataclass(frozen=True, repr=False)
class Presented:
    """What a request shows of who is asking: exactly one method's worth."""

    method: str
    client_id: str
    client_secret: str = ""
    client_assertion: str = ""


def presented(params: Mapping[str, str], authorization: str | None) -> Presented:
    """The credentials of a request.

    Raises ``InvalidRequestError`` for more than one method (RFC 6749 §2.3), ``InvalidClientError``
    for none, for a malformed one, and where header and body name different clients.
    """
    body_id, body_secret = params.get("client_id", ""), params.get("client_secret", "")
    if "client_assertion" in params or "client_assertion_type" in params:
        if authorization or body_secret:
            raise InvalidRequestError(description="Use one client authentication method, not two.")
        found = _assertion(params)
        if body_id and body_id != found.client_id:
            raise InvalidClientError(description="client_id differs from the client assertion.")
        return found
    if authorization:
        if body_secret:
            raise InvalidRequestError(description="Use one client authentication method, not two.")
        found = _basic(authorization)
        if body_id and body_id != found.client_id:
            raise InvalidClientError(description="client_id differs from the Authorization header.")
        return found
    if not body_id:
        raise InvalidClientError(description="Client authentication is missing.")
    if body_secret:
        return Presented("client_secret_post", body_id, body_secret)
    return Presented("none", body_id)


def _assertion(params: Mapping[str, str]) -> Presented:
    """A JWT that the client has signed (RFC 7521 §4.2)."""
    assertion = params.get("client_assertion", "")
    if params.get("client_assertion_type") != client_assertion.TYPE or not assertion:
        raise InvalidClientError(description=f"client_assertion is of {client_assertion.TYPE}.")
    method, client_id = client_assertion.claimed(assertion)
    return Presented(method, client_id, client_assertion=assertion)


def _basic(authorization: str) -> Presented:
    """``client_secret_basic``: form-encoded id and secret (RFC 6749 §2.3.1)."""
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        raise InvalidClientError(description="Unsupported Authorization scheme.")
    try:
        decoded = base64.b64decode(encoded.strip(), validate=True).decode("utf-8")
    except (binascii.Error, ValueError):
        raise InvalidClientError(description="Malformed Authorization header.") from None
    client_id, colon, secret = decoded.partition(":")
    if not colon:
        raise InvalidClientError(description="Malformed Authorization header.")
    return Presented("client_secret_basic", unquote_plus(client_id), unquote_plus(secret))


def named_client(params: Mapping[str, str], authorization: str | None) -> str:
    """The client that a request claims to come from, by whatever means; ``""`` if none is told."""
    try:
        if authorization:
            named = _basic(authorization).client_id
        elif "client_assertion" in params:
            named = _assertion(params).client_id
        else:
            named = params.get("client_id", "")
    except InvalidClientError:
        return ""
    return named[:CLIENT_ID_MAX_LENGTH]


def methods() -> list[str]:
    """The methods of this site."""
    return [name for name in AUTH_METHODS if name not in mtls.METHODS or name in mtls.supported()]


_by_client_id = prepared.Select(
    Client, lambda: Client.objects.filter(client_id=Parameter("client_id", CharField()))
)


def find_client(client_id: str) -> Client | None:
    """The client of this identifier, ``None`` for one that can't exist: from memory, or by one SQL
    statement (``client_memory``)."""
    return client_memory.find(Client, client_id, lambda: read_client(client_id))


def read_client(client_id: str) -> Client | None:
    """The same as it is in the database now (one SQL statement): for whoever changes it."""
    if not client_id or len(client_id) > CLIENT_ID_MAX_LENGTH or "\x00" in client_id:
        return None
    return _by_client_id.first(client_id=client_id)


@contextmanager
def while_registered(client: Client) -> Iterator[None]:
    """Raises ``InvalidClientError`` in place of ``IntegrityError`` where a row that is about
    ``client`` can't be written because the client has just been deleted."""
    try:
        yield
    except IntegrityError:
        if read_client(client.client_id) is not None:
            raise
        raise InvalidClientError(description="Client authentication failed.") from None


def authenticate(
    params: Mapping[str, str], authorization: str | None, certificate: mtls.Shown | None = None
) -> Client:
    """The authenticated client of a request. Raises ``InvalidClientError`` or, for a request that
    uses two methods, ``InvalidRequestError``.

    An unknown, a disabled and a wrongly authenticated client are answered alike, after the same
    work. A certificate may come with any method, since tokens can be bound to it (RFC 8705 §3); it
    says who the client is where nothing else does (§2).
    """
    if _is_of_another_issuer(params):
        return _by_another_issuer(params, authorization)
    shown = presented(params, authorization)
    try:
        client = client_id_metadata.resolve(
            shown.client_id, find_client(shown.client_id), refresh=False
        )
    except client_id_metadata.DocumentRefused as refused:  # public, and so is what it says
        raise InvalidClientError(description=str(refused)) from None
    known = client if client is not None and client.enabled else Client()
    if shown.client_assertion:
        proven = client_assertion.proves(known, shown.client_assertion)
    elif shown.method == "none":
        proven = "none" in known.auth_methods or mtls.proves(known, certificate)
    else:
        proven = known.check_secret(shown.client_secret) and shown.method in known.auth_methods
    if not proven:
        raise InvalidClientError(description="Client authentication failed.")
    return known


def _is_of_another_issuer(params: Mapping[str, str]) -> bool:
    """Whether the client assertion is one that somebody else has made for the client: what a
    client signs itself names it as ``iss`` and ``sub`` (RFC 7523 §3)."""
    if params.get("client_assertion_type") != client_assertion.TYPE:
        return False
    try:
        shown = workload.read(params.get("client_assertion", ""))
    except OutsideTokenRefused:
        return False
    return shown.issuer not in ("", shown.claims.get("sub"))


def _by_another_issuer(params: Mapping[str, str], authorization: str | None) -> Client:
    """The client that a trust rule names for a token of another issuer.

    The token is used by this. Raises as ``authenticate``.
    """
    if authorization or params.get("client_secret"):
        raise InvalidRequestError(description="Use one client authentication method, not two.")
    try:
        found = workload.recognise(
            params["client_assertion"], Use.CLIENT_ASSERTION, params.get("client_id", "")
        )
        workload.spend(found, Use.CLIENT_ASSERTION)
    except OutsideTokenRefused:
        raise InvalidClientError(description="Client authentication failed.") from None
    if security_profile.is_fapi2(found.client):
        raise InvalidClientError(description="Client authentication failed.")
    return found.client
