"""Dynamic registration: applications register, read, change and remove themselves (RFC 7591,
RFC 7592)."""

from __future__ import annotations

import hmac
import json
import logging
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from oauthlib.oauth2.rfc6749.errors import InvalidRequestError, OAuth2Error

from ostiary import events
from ostiary.client_address import client_ip
from ostiary.throttling import Throttled, throttle

from .. import families, registration, software_statement
from ..client_authentication import read_client
from ..conf import oauth_settings
from ..issuer import endpoint
from ..models import Client, InitialAccessToken
from ..models.client_secrets import hash_registration_token
from ..parameters import secret_in_query
from ..registration_errors import InvalidClientMetadata
from ..registration_request import parse, said
from .token import authorization, json_answer

log = logging.getLogger(__name__)

MAX_BYTES = 32 * 1024
LEFT_OUT = "ostiary_left_out"
"""The member of an answer that tells what was asked for and is not registered, with reasons."""
PERSONAL_GRANT_TYPES = frozenset({*registration.DEFAULT_GRANT_TYPES})
"""With these, whoever uses an application leaves a consent: it can be told from an unused one."""


class BearerRefused(OAuth2Error):  # type: ignore[misc]  # oauthlib is untyped
    """The request carries no token that allows it (RFC 6750 §3.1)."""

    error = "invalid_token"
    status_code = 401


def register(request: HttpRequest) -> HttpResponse:
    """Register a client (RFC 7591 §3)."""
    if oauth_settings.REGISTRATION == "closed":
        raise Http404("Applications can't register themselves here.")
    if request.method != "POST":
        return _not_allowed("POST")
    try:
        throttle("registration", ip=client_ip(request))
        _check_query(request)
        token = _initial_access_token(request)
        metadata = _metadata(request)
        client = Client(registration_source=Client.RegistrationSource.DCR)
        issuer, approved = _approved(request, metadata, None, str(token or ""))
        left_out = registration.apply(client, approved, registration.limits_of(token))
        registration.check_sector(client)
        registration_token = _save_new(request, client, token, issuer)
    except Throttled as throttled:
        return _too_many(throttled)
    except OAuth2Error as error:
        return _refused(error)
    told = _told(client, registration_token, left_out)
    if "software_statement" in metadata:
        told["software_statement"] = metadata["software_statement"]
    return json_answer(json.dumps(told), 201, {})


def configuration(request: HttpRequest, client_id: str) -> HttpResponse:
    """Read, replace or remove the registration of the client whose token this is (RFC 7592 §2)."""
    steps = {"GET": _read, "PUT": _replace, "DELETE": _remove}
    if request.method not in steps:
        return _not_allowed(", ".join(steps))
    try:
        _check_query(request)
        client, token = _managed(request, client_id)
        if request.method != "GET":  # whoever changes one holds a thread for a second
            throttle("registration_change", client=client_id, ip=client_ip(request))
        return steps[request.method](request, client, token)
    except Throttled as throttled:
        return _too_many(throttled)
    except BearerRefused as error:
        try:
            throttle("registration", ip=client_ip(request))
        except Throttled as throttled:
            return _too_many(throttled)
        return _refused(error)
    except OAuth2Error as error:
        return _refused(error)


# --- registering ----------------------------------------------------------------------------------


def _initial_access_token(request: HttpRequest) -> InitialAccessToken | None:
    """The live token of the request. One that is given has to be good, also where none is needed.

    Raises ``BearerRefused``.
    """
    given = _bearer(request)
    if not given and oauth_settings.REGISTRATION == "open":
        return None
    token = InitialAccessToken.objects.find(given) if given else None
    if token is None:
        raise BearerRefused(description="A valid initial access token is required.")
    return token


def _save_new(
    request: HttpRequest, client: Client, token: InitialAccessToken | None, statement_issuer: str
) -> str:
    """Save, and use the initial access token up; returns the registration access token.

    Raises ``BearerRefused`` if others have used it up meanwhile.
    """
    registration.settle_secret(client)
    shown = client.new_registration_token()
    if PERSONAL_GRANT_TYPES.issuperset(client.grant_types):
        unused = timedelta(days=oauth_settings.REGISTRATION_UNUSED_DAYS)
        client.unused_expires_at = timezone.now() + unused
    with transaction.atomic():
        if token is not None and not InitialAccessToken.objects.use(token):
            raise BearerRefused(description="The initial access token is used up.")
        client.save()
        events.record(
            "client.registered",
            request=request,
            client_id=client.client_id,
            details={
                "source": client.registration_source,
                "initial_access_token": str(token.pk) if token else "",
                "software_statement_of": statement_issuer,
            },
        )
    return shown


def _approved(
    request: HttpRequest, metadata: dict[str, Any], client: Client | None, initial_token: str
) -> tuple[str, dict[str, Any]]:
    """Who vouches for the software, and the metadata after its statement, which overrides what the
    request says (RFC 7591 §2.3), and after the site's policy."""
    issuer = ""
    if "software_statement" in metadata:
        issuer, vouched = software_statement.claims(metadata["software_statement"])
        metadata = {**metadata, **said(vouched)}
    if policy := registration.policy():
        context = registration.Context(
            client=client,
            initial_access_token=initial_token,
            statement_issuer=issuer,
            ip=client_ip(request),
        )
        metadata = policy(dict(metadata), context)
    return issuer, metadata


# --- managing -------------------------------------------------------------------------------------


def _managed(request: HttpRequest, client_id: str) -> tuple[Client, str]:
    """The client, if the token is its own, and the token. An unknown and a disabled client are
    answered like a wrong token. Raises ``BearerRefused``."""
    token, client = _bearer(request), read_client(client_id)
    kept = client.registration_token_hash if client is not None and client.enabled else ""
    right = hmac.compare_digest(hash_registration_token(token), kept)
    if client is None or not right:
        raise BearerRefused(description="This needs the registration access token.")
    return client, token


def _read(request: HttpRequest, client: Client, token: str) -> HttpResponse:
    return json_answer(json.dumps(_told(client, token, {})), 200, {})


def _replace(request: HttpRequest, client: Client, token: str) -> HttpResponse:
    """All metadata anew. The token stays: were it replaced, an answer that is lost on the way would
    lock the client out of its own registration."""
    metadata = _metadata(request)
    if metadata.get("client_id") != client.client_id:
        raise InvalidClientMetadata(description="client_id is not that of this client.")
    if "client_secret" in metadata and not _is_its_secret(client, metadata["client_secret"]):
        raise InvalidClientMetadata(description="client_secret is not that of this client.")
    before = registration.registered(client)
    _issuer, approved = _approved(request, metadata, client, "")
    left_out = registration.apply(client, approved, registration.held_by(client))
    registration.check_sector(client)
    registration.settle_secret(client)
    fields = registration.changes(before, registration.registered(client))
    with transaction.atomic():
        client.save(update_fields=registration.WRITTEN)
        events.record(
            "client.changed",
            request=request,
            client_id=client.client_id,
            details={"fields": fields},
        )
    return json_answer(json.dumps(_told(client, token, left_out)), 200, {})


def _is_its_secret(client: Client, given: Any) -> bool:
    return isinstance(given, str) and given.isascii() and client.check_secret(given)


def _remove(request: HttpRequest, client: Client, token: str) -> HttpResponse:
    """With the client goes all that people gave it."""
    with transaction.atomic():
        families.revoke(Q(application=client), "client_deleted")
        events.record("client.deleted", request=request, client_id=client.client_id)
        client.delete()
    return HttpResponse(status=204, headers={"Cache-Control": "no-store"})


# --- what goes in and out -------------------------------------------------------------------------


def _check_query(request: HttpRequest) -> None:
    """Raise ``InvalidRequestError`` for what must never stand in an address (SECURITY B5)."""
    if name := secret_in_query(request):
        raise InvalidRequestError(description=f"{name} must not be in the query.")


def _bearer(request: HttpRequest) -> str:
    """The token of the Authorization header, ``""`` if there is none."""
    scheme, _, token = authorization(request).partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _metadata(request: HttpRequest) -> dict[str, Any]:
    """What the JSON object of the request says at all. Raises ``InvalidClientMetadata``."""
    if request.content_type != "application/json":
        raise InvalidClientMetadata(description="The body must be application/json.")
    body = request.read(MAX_BYTES + 1)
    if len(body) > MAX_BYTES:
        raise InvalidClientMetadata(
            description=f"The body is larger than {MAX_BYTES} bytes.", status_code=413
        )
    return said(parse(body))


def _told(
    client: Client, registration_token: str, left_out: dict[str, list[str]]
) -> dict[str, Any]:
    """The client information response (RFC 7591 §3.2.1, RFC 7592 §3). A secret is in it when it has
    just been made, and never again; what was asked for and is not registered, in a member of our
    own, which clients ignore."""
    told = {
        **registration.registered(client),
        "registration_access_token": registration_token,
        "registration_client_uri": f"{endpoint('register')}/{client.client_id}",
    }
    if left_out:
        log.info("registered %s without %s", client.client_id, json.dumps(left_out))
        told[LEFT_OUT] = left_out
    if client.fresh_secret:
        told |= {"client_secret": client.fresh_secret, "client_secret_expires_at": 0}
    return told


def _refused(error: OAuth2Error) -> HttpResponse:
    if error.status_code != 401:
        log.warning("registration refused: %s: %s", error.error, error.description)
    challenge = {"WWW-Authenticate": 'Bearer realm="registration"'}
    headers = challenge if error.status_code == 401 else {}
    return json_answer(error.json, error.status_code, headers)


def _too_many(throttled: Throttled) -> HttpResponse:
    body = json.dumps({"error": "temporarily_unavailable"})
    return json_answer(body, 429, {"Retry-After": str(throttled.retry_after)})


def _not_allowed(methods: str) -> HttpResponse:
    return HttpResponse(status=405, headers={"Allow": methods, "Cache-Control": "no-store"})
