"""Removing what has ended, in batches, while the site serves (SECURITY H14)."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.db.models import Max, Q
from django.utils import timezone

from ostiary.cleanup import BATCH, ENDED_SESSIONS_DAYS, MOST_BATCHES, remove
from ostiary.conf import ostiary_settings
from ostiary.models import OutboxMessage

from . import client_sessions, families, keys, refresh_grace, risc
from .models import (
    AccessToken,
    Client,
    ClientSession,
    DeviceGrant,
    Grant,
    PushedRequest,
    RefreshToken,
    TokenStatus,
    UsedIdentifier,
)

KEY_MARGIN = timedelta(minutes=10)
"""Clock differences and cached key sets: retired keys stay published for this long on top."""

ENDINGS = 100
"""Client sessions that end in one transaction: each takes statements of its own, and a message."""

STATUS_MARGIN = timedelta(minutes=5)
"""A token is taken by late clocks for so long after it expired, at most."""


def remove_ended_grants(batch: int = BATCH, most: int = MOST_BATCHES) -> int:
    """Delete grants, with their refresh tokens, of which nothing can be valid any more; returns how
    many."""
    return remove(Grant.objects.filter(families.ended()).order_by("ends_at"), batch, most)


def remove_used_identifiers(batch: int = BATCH, most: int = MOST_BATCHES) -> int:
    """Delete the identifiers of proofs and assertions that have expired; returns how many."""
    return remove(UsedIdentifier.objects.filter(expires_at__lt=timezone.now()), batch, most)


def end_orphaned_client_sessions(batch: int = ENDINGS, most: int = BATCH // ENDINGS) -> int:
    """End, and tell, what is live at a client though its session is gone; returns how many."""
    found = ClientSession.objects.filter(client_sessions.orphans()).values_list("pk", flat=True)
    ended = 0
    for _ in range(most):
        with transaction.atomic():
            some = len(client_sessions.end(Q(pk__in=list(found[:batch]))))
        ended += some
        if some < batch:
            break
    return ended


def remove_client_sessions(batch: int = BATCH, most: int = MOST_BATCHES) -> int:
    """Forget what ended long ago at clients, but not what they are still to be told; of people who
    are gone at once, also what was given up. Returns how many."""
    limit = timezone.now() - timedelta(days=ENDED_SESSIONS_DAYS)
    finished = [OutboxMessage.State.DONE, OutboxMessage.State.DROPPED]
    settled = Q(message__isnull=True) | Q(message__state__in=finished)
    gone = Q(user__isnull=True) & ~Q(message__state=OutboxMessage.State.PENDING)
    over = Q(settled, ended_at__lt=limit) | Q(gone, ended_at__isnull=False)
    return remove(ClientSession.objects.filter(over), batch, most)


def remove_erasure_notices(batch: int = BATCH, most: int = MOST_BATCHES) -> int:
    """Forget of whose erasure nobody is told any more; returns how many."""
    return remove(risc.settled(), batch, most)


def remove_access_tokens(batch: int = BATCH, most: int = MOST_BATCHES) -> int:
    """Delete the opaque access tokens that have expired; returns how many."""
    return remove(AccessToken.objects.filter(expires__lt=timezone.now()), batch, most)


def forget_replays(batch: int = BATCH, most: int = MOST_BATCHES) -> int:
    """Empty the answers to refreshes that nobody gets again; returns how many."""
    over = RefreshToken.objects.filter(replay_until__lt=timezone.now())
    emptied = 0
    for _ in range(most):
        keys_of_batch = list(over.values_list("pk", flat=True)[:batch])
        emptied += over.filter(pk__in=keys_of_batch).update(**refresh_grace.emptied())
        if len(keys_of_batch) < batch:
            break
    return emptied


def remove_token_statuses(batch: int = BATCH, most: int = MOST_BATCHES) -> int:
    """Delete what the blocklist knows of tokens that nobody takes any more; returns how many."""
    limit = timezone.now() - STATUS_MARGIN
    return remove(TokenStatus.objects.filter(expires_at__lt=limit), batch, most)


def remove_device_grants(batch: int = BATCH, most: int = MOST_BATCHES) -> int:
    """Delete the device authorizations that have expired; returns how many. What a person gave a
    device is a grant of its own, and stays."""
    return remove(DeviceGrant.objects.filter(expires__lt=timezone.now()), batch, most)


def remove_pushed_requests(batch: int = BATCH, most: int = MOST_BATCHES) -> int:
    """Delete the pushed requests that nobody came with, or that were never answered; returns how
    many."""
    return remove(PushedRequest.objects.filter(expires_at__lt=timezone.now()), batch, most)


def remove_unused_clients(batch: int = BATCH, most: int = MOST_BATCHES) -> int:
    """Delete applications that registered themselves and that nobody has used in time; returns how
    many. One that was switched off stays, so that it can't come back by registering itself."""
    unused = Client.objects.filter(unused_expires_at__lt=timezone.now(), enabled=True)
    return remove(unused.order_by("unused_expires_at"), batch, most)


def longest_token_lifetime() -> timedelta:
    """For how long a signature made now may still have to be verified: until the token expires, and
    that of an ID token as long as its session can last, as a hint (OIDC Core §3.1.2.1)."""
    longest = Client.objects.aggregate(
        access=Max("access_token_lifetime"), identity=Max("id_token_lifetime")
    )
    session = max(
        ostiary_settings.SESSION_ABSOLUTE_SECONDS, ostiary_settings.REMEMBERED_SESSION_SECONDS
    )
    seconds = max(session, longest["access"] or 0, longest["identity"] or 0)
    return timedelta(seconds=seconds) + KEY_MARGIN


def remove_retired_keys() -> int:
    """Delete retired signing keys whose last token has expired; returns how many."""
    return keys.remove_retired(longest_token_lifetime())
