"""The blocklist: access tokens that can be revoked before they expire, and those that were.

Each token of a client or API with this policy has a row until it expires. The ``jti`` of a revoked
one is put into a cache that APIs share with us, with the database behind it, and its bit is set in
the Token Status List (status_list.py).
"""

from __future__ import annotations

import logging
import math
import secrets
import uuid
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from django.contrib.auth import get_user_model
from django.core.cache import BaseCache, caches
from django.core.exceptions import FieldDoesNotExist
from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from oauthlib.oauth2.rfc6749.errors import InvalidClientError, InvalidGrantError

from . import status_list
from .conf import oauth_settings
from .models import Client, Grant, TokenStatus
from .resource_server.revocation.blocklist import KEY_PREFIX, WHOLE, jti_hash

log = logging.getLogger(__name__)

MARGIN_SECONDS = 60
"""An API whose clock is late, or we with our leeway, takes a token for so much longer."""

FILLING = "ostiary:blocklist-filling"
"""The key under which a sweep finds again what it began with."""

Revoked = Iterable[tuple[str, datetime]]


def register(claims: Mapping[str, Any], client: Client) -> dict[str, Any]:
    """Keep a row for the token of these claims; returns its ``status`` claim.

    The grant is locked meanwhile: who revokes it then sees this token, or this sees the revocation
    and raises ``InvalidGrantError``. A client that was disabled a moment ago, which memory may not
    know yet, gets none either (``InvalidClientError``). Two statements.
    """
    row = TokenStatus(
        jti_hash=jti_hash(claims["jti"]),
        client_key=client.pk,
        expires_at=datetime.fromtimestamp(claims["exp"], UTC),
    )
    enabled = Client.objects.filter(pk=client.pk, enabled=True)
    if "gid" not in claims:
        if oauth_settings.CLIENT_CACHE_SECONDS and not enabled.exists():
            raise InvalidClientError(description="Client authentication failed.")
        row.save(force_insert=True)
        return status_list.claim(row.pk)
    row.grant_key = uuid.UUID(claims["gid"])
    with transaction.atomic():
        alive = Grant.objects.select_for_update().filter(
            Exists(enabled), pk=row.grant_key, revoked_at__isnull=True
        )
        if not alive.values_list("pk").first():
            raise InvalidGrantError(description="The authorization has ended.")
        row.save(force_insert=True)
    return status_list.claim(row.pk)


def is_revoked(jti: str) -> bool:
    """Whether a token with a row has been revoked: the cache is asked first, the database behind
    it. One whose row is gone has expired, and counts as revoked."""
    hashed = jti_hash(jti)
    if oauth_settings.BLOCKLIST_CACHE:
        try:
            if caches[oauth_settings.BLOCKLIST_CACHE].get(KEY_PREFIX + hashed):
                return True
        except Exception:
            log.exception("The cache of the blocklist doesn't answer; the database does.")
    return not TokenStatus.objects.filter(jti_hash=hashed, revoked_at__isnull=True).exists()


def revoke(tokens: Q) -> int:
    """Revoke those of the ``tokens`` that somebody may still take; returns how many.

    One statement where there are none.
    """
    now = timezone.now()
    taken = Q(expires_at__gt=now - timedelta(seconds=MARGIN_SECONDS))
    with transaction.atomic(savepoint=False):
        count = TokenStatus.objects.filter(tokens, taken, revoked_at__isnull=True).update(
            revoked_at=now
        )
        if count:
            revoked = TokenStatus.objects.filter(taken, revoked_at=now)
            found = list(revoked.values_list("jti_hash", "expires_at"))
            transaction.on_commit(partial(_put, found), robust=True)
    return int(count)


def _put(revoked: Revoked) -> None:
    """Put tokens into the shared cache, each for as long as it would have lived."""
    if not oauth_settings.BLOCKLIST_CACHE:
        return
    cache, now = caches[oauth_settings.BLOCKLIST_CACHE], timezone.now()
    for hashed, expires_at in revoked:
        seconds = math.ceil((expires_at - now).total_seconds()) + MARGIN_SECONDS
        cache.set(KEY_PREFIX + hashed, 1, seconds)


def sweep() -> int:
    """Revoke live tokens whose grant, person or client was ended past this module, as by a bare
    SQL statement, and fill the cache again; returns how many were revoked.

    A cache that was emptied, or could not be reached, is whole again after this, and says so to the
    APIs, which until then take no token that may have been on the list.
    """
    client = Client.objects.filter(pk=OuterRef("client_key"), enabled=True)
    grant = Grant.objects.filter(_alive(), pk=OuterRef("grant_key"), revoked_at__isnull=True)
    count = revoke(~Q(Exists(client)) | (Q(grant_key__isnull=False) & ~Q(Exists(grant))))
    if oauth_settings.BLOCKLIST_CACHE:
        _fill(caches[oauth_settings.BLOCKLIST_CACHE])
    return count


def _fill(cache: BaseCache) -> None:
    """Put in all that is revoked, and say so if the cache has kept it meanwhile."""
    attempt = secrets.token_hex()
    cache.set(FILLING, attempt)
    taken = timezone.now() - timedelta(seconds=MARGIN_SECONDS)
    revoked = TokenStatus.objects.filter(revoked_at__isnull=False, expires_at__gt=taken)
    _put(revoked.values_list("jti_hash", "expires_at").iterator())
    if cache.get(FILLING) == attempt:
        cache.add(WHOLE, attempt, None)


def _alive() -> Q:
    """Selects grants of enabled clients and active people, of any user model."""
    try:
        get_user_model()._meta.get_field("is_active")
    except FieldDoesNotExist:
        return Q(application__enabled=True)
    return Q(application__enabled=True, user__is_active=True)
