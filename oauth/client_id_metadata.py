"""Clients whose ID is the address of their metadata (draft-ietf-oauth-client-id-metadata-document).

A document is fetched when somebody is sent here by a client that is not known yet, and when what is
known has grown stale; in between the client is a row like any other. Only hosts of the operator's
list are asked. An operator who switches such a client off has switched it off: no document brings
it back.
"""

from __future__ import annotations

import hashlib
import json
import logging
import re
import threading
from copy import copy
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from django.core.cache import cache
from django.db import IntegrityError, transaction
from django.utils import timezone
from oauthlib.oauth2.rfc6749.errors import OAuth2Error

from ostiary import events
from ostiary.throttling import Throttled, throttle

from . import redirect_uri, registration
from .client_metadata import RESPONSE_TYPES
from .conf import oauth_settings
from .models import Client
from .registration import InvalidClientMetadata
from .safe_fetch import Answer, FetchError, fetch, for_trying_out

log = logging.getLogger(__name__)

CLIENT_ID_MAX_LENGTH = 255
MAX_BYTES = 10 * 1024
"""The draft asks for 5 KB at least."""
SECONDS = 3.0
MIN_AGE, USUAL_AGE, MAX_AGE = 300, 3600, 24 * 3600
"""Seconds for which a document is taken as fresh: within these bounds it is as it says itself."""
STALE_SECONDS = 24 * 3600
"""While it can't be fetched anew, what it said last holds for so long, and no longer."""
RETRY_SECONDS = 30
"""After a failure an address is left alone for so long."""
AUTH_METHODS = ("none", "private_key_jwt")
"""Nothing that rests on a shared secret: nobody has given it one."""
SECRETS = ("client_secret", "client_secret_expires_at")
_TOLD = [name for name in registration.WRITTEN if name != "updated"]
_MAX_AGE = re.compile(r"max-age\s*=\s*\"?([0-9]{1,9})", re.IGNORECASE)
_fetching = threading.BoundedSemaphore(8)
"""So many threads of a process wait for documents at most: the rest has something else to do."""


def is_document_url(client_id: str) -> bool:
    """Whether a client ID is the address of a document (§3): https, a path, nothing that makes two
    addresses out of one. On a site that is on this machine alone, http on it will do."""
    if len(client_id) > CLIENT_ID_MAX_LENGTH or not client_id.startswith(("https://", "http://")):
        return False
    if redirect_uri.why_not_registrable(client_id):
        return False
    parts = urlsplit(client_id)
    return bool(parts.path) and (parts.scheme == "https" or for_trying_out())


def is_allowed(client_id: str) -> bool:
    """Whether the operator's list has the host of the address."""
    host = urlsplit(client_id).hostname or ""
    return any(
        host.endswith(entry[1:]) and len(host) > len(entry[1:])
        if entry.startswith("*.")
        else host == entry
        for entry in map(str.lower, oauth_settings.CLIENT_ID_METADATA_HOSTS)
    )


def resolve(client_id: str, known: Client | None, *, refresh: bool) -> Client | None:
    """The client of this ID, where ``known`` is what the database has of it.

    Another than such a client is given back as it is. ``refresh`` says to ask anew for a stale one,
    which an endpoint that servers wait for does not.
    """
    if known is not None and known.registration_source != Client.RegistrationSource.CIMD:
        return known
    if not oauth_settings.CLIENT_ID_METADATA_HOSTS:
        return None
    if not is_document_url(client_id) or not is_allowed(client_id):
        return None
    if known is not None and (not known.enabled or not refresh or _is_fresh(known)):
        return known
    return _asked_anew(client_id, known) or _still_good(known)


def _is_fresh(client: Client) -> bool:
    return client.cimd_expires_at is not None and timezone.now() < client.cimd_expires_at


def _still_good(known: Client | None) -> Client | None:
    bound = timezone.now() - timedelta(seconds=STALE_SECONDS)
    if known is None or known.cimd_expires_at is None or known.cimd_expires_at < bound:
        return None
    return known


def _asked_anew(client_id: str, known: Client | None) -> Client | None:
    """The client as its document says now, ``None`` where that can't be had."""
    failed = f"ostiary:cimd:{hashlib.sha256(client_id.encode()).hexdigest()}"
    if cache.get(failed) or not _fetching.acquire(blocking=False):
        return None
    try:
        if known is None:  # an address that nobody has looked at yet, of as many as one can name
            throttle("client_id_metadata", client=urlsplit(client_id).hostname or "")
        answer = fetch(
            client_id,
            headers={"Accept": "application/json"},
            max_bytes=MAX_BYTES,
            seconds=SECONDS,
        )
        metadata = read(client_id, answer)
        return _kept(client_id, known, metadata, _age(answer.cache_control))
    except (FetchError, OAuth2Error, Throttled) as problem:
        log.warning("no client ID metadata document: %s", type(problem).__name__)
        cache.set(failed, True, RETRY_SECONDS)
        return None
    finally:
        _fetching.release()


def _age(cache_control: str) -> int:
    """For how many seconds a document is fresh (RFC 9111 §5.2.2)."""
    lowered = cache_control.lower()
    if "no-store" in lowered or "no-cache" in lowered:
        return MIN_AGE
    found = _MAX_AGE.search(lowered)
    return max(MIN_AGE, min(MAX_AGE, int(found[1]) if found else USUAL_AGE))


def read(client_id: str, answer: Answer) -> dict[str, Any]:
    """The metadata in a document (§4). Raises ``InvalidClientMetadata``.

    Grant and response types that this server doesn't give are left out: the same document is for
    many servers.
    """
    kind = answer.content_type
    if answer.status != 200 or not (
        kind == "application/json" or (kind.startswith("application/") and kind.endswith("+json"))
    ):
        raise InvalidClientMetadata(description="There is no JSON document.")
    try:
        metadata = json.loads(answer.body.decode())
    except (ValueError, RecursionError):
        metadata = None
    if not isinstance(metadata, dict) or metadata.get("client_id") != client_id:
        raise InvalidClientMetadata(description="The document is not of this client.")
    metadata.setdefault("token_endpoint_auth_method", "none")
    if metadata["token_endpoint_auth_method"] not in AUTH_METHODS or metadata.keys() & {*SECRETS}:
        raise InvalidClientMetadata(description="The document speaks of a shared secret.")
    offered = {"grant_types": registration.DEFAULT_GRANT_TYPES, "response_types": RESPONSE_TYPES}
    for name, ours in offered.items():
        if isinstance(metadata.get(name), list):
            metadata[name] = [each for each in metadata[name] if each in ours]
    return metadata


def _kept(
    client_id: str, known: Client | None, metadata: dict[str, Any], age: int
) -> Client | None:
    """The client, made or changed as the document says. Raises ``InvalidClientMetadata``."""
    if known is None:
        source = Client.RegistrationSource.CIMD
        client, before = Client(client_id=client_id, registration_source=source), {}
    else:  # a copy: if the document is no good, what it said before may still hold
        client, before = copy(known), registration.registered(known)
    registration.apply(client, metadata, registration.default_limits())
    registration.check_sector(client)
    if registration.needs_secret(client):
        raise InvalidClientMetadata(description="The document speaks of a shared secret.")
    client.cimd_expires_at = timezone.now() + timedelta(seconds=age)
    if known is None:
        return _saved_new(client)
    fields = registration.changes(before, registration.registered(client))
    same = all(getattr(client, name) == getattr(known, name) for name in _TOLD)
    written = ("updated",) if same else registration.WRITTEN  # for the first nobody waits
    with transaction.atomic():
        client.save(update_fields=[*written, "cimd_expires_at"])
        if fields:
            events.record("client.changed", client_id=client_id, details={"fields": fields})
    return client


def _saved_new(client: Client) -> Client | None:
    """Save; where another request was first, that one's."""
    unused = timedelta(days=oauth_settings.REGISTRATION_UNUSED_DAYS)
    client.unused_expires_at = timezone.now() + unused
    try:
        with transaction.atomic():
            client.save(force_insert=True)
            events.record(
                "client.registered",
                client_id=client.client_id,
                details={"source": client.registration_source},
            )
    except IntegrityError:
        found: Client | None = Client.objects.filter(client_id=client.client_id).first()
        return found
    return client
