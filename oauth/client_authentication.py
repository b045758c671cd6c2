"""Client authentication at the token endpoint (RFC 6749 §2.3, OIDC Core §9)."""

from __future__ import annotations

import base64
import binascii
import logging
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
from .client_assertion import FAILED, AssertionRefused
from .explanation import printable
from .models import Client
from .workload import OutsideTokenRefused, Use

log = logging.getLogger(__name__)

CLIENT_ID_MAX_LENGTH = 255


@dataclass(frozen=True, repr=False)
class Presented:
    """What a request shows of who is asking: exactly one method's worth."""

    method: str
    client_id: str
    client_secret: str = ""
    client_assertion: str = ""


def presented(params: Mapping[str, str], authorization: str | None) -> Presented:
    """The credentials of a request. An empty secret is none, wherever it stands.

    Raises ``InvalidRequestError`` for more than one method (RFC 6749 §2.3), ``InvalidClientError``
    for a malformed one, where nobody is named, and where two places name different clients.
    """
    header_id, header_secret = _basic(authorization) if authorization else ("", "")
    body_id, body_secret = params.get("client_id", ""), params.get("client_secret", "")
    signs = "client_assertion" in params or "client_assertion_type" in params
    if bool(header_secret) + bool(body_secret) + signs > 1:
        raise InvalidRequestError(description="Use one client authentication method, not two.")
    if signs:
        found = _assertion(params)
    elif header_secret:
        found = Presented("client_secret_basic", header_id, header_secret)
    elif body_secret:
        found = Presented("client_secret_post", body_id or header_id, body_secret)
    else:
        found = Presented("none", body_id or header_id)
    if not found.client_id:
        raise InvalidClientError(description="Client authentication is missing.")
    if not {body_id, header_id} <= {"", found.client_id}:
        where = "the client assertion" if signs else "the Authorization header"
        raise InvalidClientError(description=f"client_id differs from {where}.")
    return found


def has_credentials(params: Mapping[str, str], authorization: str | None) -> bool:
    """Whether a request shows any, right or wrong."""
    if "client_secret" in params or "client_assertion" in params:
        return True
    try:
        return bool(authorization and _basic(authorization)[1])
    except InvalidClientError:
        return True


def _assertion(params: Mapping[str, str]) -> Presented:
    """A JWT that the client has signed (RFC 7521 §4.2)."""
    assertion = params.get("client_assertion", "")
    if params.get("client_assertion_type") != client_assertion.TYPE or not assertion:
        raise InvalidClientError(description=f"client_assertion is of {client_assertion.TYPE}.")
    try:
        method, client_id = client_assertion.claimed(assertion)
    except AssertionRefused as refused:
        raise InvalidClientError(description=str(refused)) from None
    return Presented(method, client_id, client_assertion=assertion)


def _basic(authorization: str) -> tuple[str, str]:
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
    return unquote_plus(client_id), unquote_plus(secret)


def named_client(params: Mapping[str, str], authorization: str | None) -> str:
    """The client that a request claims to come from, by whatever means; ``""`` if none is told."""
    try:
        if authorization:
            named = _basic(authorization)[0] or params.get("client_id", "")
        elif "client_assertion" in params:
            named = _assertion(params).client_id
        else:
            named = params.get("client_id", "")
    except InvalidClientError:
        return ""
    return named[:CLIENT_ID_MAX_LENGTH]


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
        raise InvalidClientError(description=FAILED) from None


def authenticate(
    params: Mapping[str, str],
    authorization: str | None,
    certificate: mtls.Shown | None = None,
    *,
    at: str = "token",
) -> Client:
    """The authenticated client of a request to the endpoint whose URL name is ``at``. Raises
    ``InvalidClientError`` or, for a request that uses two methods, ``InvalidRequestError``.

    An unknown, a disabled and a wrongly authenticated client are answered alike, after the same
    work: only who has shown a secret or key of the client, or could learn it anyway, is told more.
    The log has the reason in any case. A certificate may come with any method, since tokens can be
    bound to it (RFC 8705 §3); it says who the client is where nothing else does (§2).
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
        _check_assertion(known, shown, at)
    elif shown.method == "none":
        _check_none(known, shown, certificate)
    else:
        _check_secret(known, shown)
    return known


def _check_assertion(known: Client, shown: Presented, at: str) -> None:
    try:
        client_assertion.check(known, shown.client_assertion, at=at)
    except AssertionRefused as refused:
        raise _refused(known, shown, str(refused), refused.reason) from None


def _check_none(known: Client, shown: Presented, certificate: mtls.Shown | None) -> None:
    if "none" in known.auth_methods or mtls.proves(known, certificate):
        return
    raise _refused(
        known,
        shown,
        "Client authentication failed: client_id came without secret, assertion or certificate, "
        "and names no public client.",
        "no credentials",
    )


def _check_secret(known: Client, shown: Presented) -> None:
    is_right = known.check_secret(shown.client_secret)
    if is_right and shown.method in known.auth_methods:
        return
    words, reason = FAILED, "wrong secret"
    if known.is_public:
        words = "This client is public and has no secret: send its client_id alone."
        reason = "a public client with a secret"
    elif is_right:
        allowed = " or ".join(known.auth_methods)
        words = f"This client authenticates by {allowed}, not by {shown.method}."
        reason = f"registered for {allowed}"
    raise _refused(known, shown, words, reason)


def _refused(known: Client, shown: Presented, words: str, reason: str) -> InvalidClientError:
    """Tell the log why; returns the error to raise."""
    log.warning(
        "client authentication refused: client_id %s by %s: %s",
        printable(shown.client_id),
        shown.method,
        "no such client, or disabled" if known._state.adding else reason,
    )
    return InvalidClientError(description=words)


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
    header_id, header_secret = _basic(authorization) if authorization else ("", "")
    if header_secret or params.get("client_secret"):
        raise InvalidRequestError(description="Use one client authentication method, not two.")
    try:
        found = workload.recognise(
            params["client_assertion"],
            Use.CLIENT_ASSERTION,
            params.get("client_id", "") or header_id,
        )
        workload.spend(found, Use.CLIENT_ASSERTION)
    except OutsideTokenRefused as refused:
        raise InvalidClientError(
            description=f"{refused} The iss and sub of a client's own assertion are its client_id."
        ) from None
    if security_profile.is_fapi2(found.client):
        raise InvalidClientError(description=FAILED)
    return found.client
