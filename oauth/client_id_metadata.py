"""Clients whose ID is the address of their metadata (draft-ietf-oauth-client-id-metadata-document).

A document is fetched when somebody is sent here by a client that is not known yet, and when what is
known has grown stale; in between the client is a row like any other. Only hosts of the operator's
list are asked. An operator who switches such a client off has switched it off: no document brings
it back.

Why a document is not taken is told in the log and to whoever sent the person here. Neither learns
what our network answers: only the log has the words of a connection that failed.
"""

from __future__ import annotations

import hashlib
import json
import logging
import re
import threading
from copy import copy
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from django.core.cache import cache
from django.db import IntegrityError, transaction
from django.utils import timezone, translation

from ostiary import events
from ostiary.throttling import Throttled, throttle

from . import redirect_uri, registration, registration_request
from .conf import oauth_settings
from .explanation import printable
from .models import Client
from .registration_errors import InvalidClientMetadata, describable
from .safe_fetch import Answer, AnswerTooLarge, FetchError, fetch, for_trying_out

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


class DocumentRefused(Exception):
    """There is no client by this document; the text says why, in printable ASCII."""

    def __init__(self, why: str) -> None:
        super().__init__(describable(why))


def why_no_document(client_id: str) -> str:
    """Why a client ID can't be the address of a document, in words; ``""`` if it can (§3): https, a
    path, nothing that makes two addresses out of one. On a site that is on this machine alone, http
    on it will do."""
    if len(client_id) > CLIENT_ID_MAX_LENGTH:
        return f"it is longer than {CLIENT_ID_MAX_LENGTH} characters"
    if not client_id.startswith(("https://", "http://")):
        return "it is not an https address"
    with translation.override(None):
        if problem := redirect_uri.why_not_registrable(client_id):
            return problem
    parts = urlsplit(client_id)
    if not parts.path:
        return "it has no path"
    return "" if parts.scheme == "https" or for_trying_out() else "it is not an https address"


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
    which an endpoint that servers wait for does not. Raises ``DocumentRefused``.
    """
    if known is not None and known.registration_source != Client.RegistrationSource.CIMD:
        return known
    if not client_id.startswith(("https://", "http://")):
        return None
    if not oauth_settings.CLIENT_ID_METADATA_HOSTS:
        raise DocumentRefused(
            "Client ID metadata documents aren't accepted here: CLIENT_ID_METADATA_HOSTS is empty."
        )
    if problem := why_no_document(client_id):
        raise DocumentRefused(f"The client ID is not the address of a document: {problem}.")
    if not is_allowed(client_id):
        host = printable(urlsplit(client_id).hostname or "")
        why = f"CLIENT_ID_METADATA_HOSTS does not name its host, {host}."
        log.warning("client ID metadata document refused: %s: %s", client_id, why)
        raise DocumentRefused(why)
    if known is not None and (not known.enabled or not refresh or _is_fresh(known)):
        return known
    try:
        return _asked_anew(client_id, known)
    except DocumentRefused:
        if known is not None and _is_still_good(known):
            return known
        raise


def _is_fresh(client: Client) -> bool:
    return client.cimd_expires_at is not None and timezone.now() < client.cimd_expires_at


def _is_still_good(known: Client) -> bool:
    bound = timezone.now() - timedelta(seconds=STALE_SECONDS)
    return known.cimd_expires_at is not None and known.cimd_expires_at >= bound


def _asked_anew(client_id: str, known: Client | None) -> Client:
    """The client as its document says now. Raises ``DocumentRefused``; for some time after one was
    refused it isn't asked, and the reason is the same."""
    failed = f"ostiary:cimd:{hashlib.sha256(client_id.encode()).hexdigest()}"
    if why := cache.get(failed):
        raise DocumentRefused(f"{why} It is asked again after {RETRY_SECONDS} seconds.")
    if not _fetching.acquire(blocking=False):
        raise DocumentRefused("Too many documents are being fetched. Try again.")
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
    except (FetchError, InvalidClientMetadata, Throttled) as problem:
        why = _in_words(problem)
        detail = f" ({problem})" if isinstance(problem, FetchError) else ""
        log.warning("client ID metadata document refused: %s: %s%s", client_id, why, detail)
        cache.set(failed, why, RETRY_SECONDS)
        raise DocumentRefused(why) from None
    finally:
        _fetching.release()


def _in_words(problem: FetchError | InvalidClientMetadata | Throttled) -> str:
    """Why there is no client, without what only the log may tell."""
    if isinstance(problem, AnswerTooLarge):
        return f"The document is larger than {MAX_BYTES} bytes."
    if isinstance(problem, FetchError):
        return "The document could not be fetched."
    if isinstance(problem, Throttled):
        return "Too many new documents of its host were requested. Try again later."
    return str(problem.description)


def _age(cache_control: str) -> int:
    """For how many seconds a document is fresh (RFC 9111 §5.2.2)."""
    lowered = cache_control.lower()
    if "no-store" in lowered or "no-cache" in lowered:
        return MIN_AGE
    found = _MAX_AGE.search(lowered)
    return max(MIN_AGE, min(MAX_AGE, int(found[1]) if found else USUAL_AGE))


def read(client_id: str, answer: Answer) -> dict[str, Any]:
    """The metadata in a document (§4). Raises ``InvalidClientMetadata``."""
    kind = answer.content_type
    if answer.status != 200:
        redirects = "; redirects are not followed" if 300 <= answer.status < 400 else ""
        raise _invalid(f"The document was answered with status {answer.status}{redirects}.")
    if kind != "application/json" and not (
        kind.startswith("application/") and kind.endswith("+json")
    ):
        raise _invalid(f"Its content type is {printable(kind)}, not application/json.")
    metadata = registration_request.said(registration_request.parse(answer.body))
    named = metadata.get("client_id")
    if named != client_id:
        told = printable(named) if isinstance(named, str) else "missing"
        raise _invalid(f"Its client_id is not its address, but {told}.")
    if found := sorted(metadata.keys() & {*SECRETS}):
        raise _invalid(f"It holds {', '.join(found)}, and everybody can read it.")
    metadata.setdefault("token_endpoint_auth_method", "none")
    return metadata


def _invalid(description: str) -> InvalidClientMetadata:
    return InvalidClientMetadata(description=description)


def _kept(client_id: str, known: Client | None, metadata: dict[str, Any], age: int) -> Client:
    """The client, made or changed as the document says. Raises ``InvalidClientMetadata``."""
    if known is None:
        source = Client.RegistrationSource.CIMD
        client, before = Client(client_id=client_id, registration_source=source), {}
    else:  # a copy: if the document is no good, what it said before may still hold
        client, before = copy(known), registration.registered(known)
    limits = replace(registration.default_limits(), auth_methods=AUTH_METHODS)
    left_out = registration.apply(client, metadata, limits)
    registration.check_sector(client)
    if registration.needs_secret(client):
        raise _invalid("HS256 signs with a shared secret, and nobody has given it one.")
    if left_out:
        log.info("registered %s without %s", client_id, json.dumps(left_out))
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


def _saved_new(client: Client) -> Client:
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
        if found is None:
            raise _invalid("It was removed at the same time. Try again.") from None
        return found
    return client
