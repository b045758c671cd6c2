"""Telling applications that a person was erased (OpenID RISC Profile 1.0, ``account-purged``).

Each subscribed client that knew the person gets a message of the outbox, written in the step of the
erasure that takes away what it was given: before that nobody can be told, after it nobody would
know whom to tell.
"""

from __future__ import annotations

from typing import Any, cast

from django.db.models import Q, QuerySet

from ostiary import outbox
from ostiary.models import OutboxMessage

from . import claims, security_event
from .models import (
    AccessToken,
    Client,
    ClientSession,
    Consent,
    ErasureNotice,
    Grant,
    IDToken,
    RefreshToken,
)

KIND = "oauth.account_purged"
ACCOUNT_PURGED = "https://schemas.openid.net/secevent/risc/event-type/account-purged"


def account_purged(user: Any) -> int:
    """Have the clients told that ``user`` is erased; returns how many will be."""
    count = 0
    for client in _clients_of(user):
        notice = ErasureNotice(client=client, subject=claims.subject_for(user, client))
        # Without a key it is never a repeat.
        notice.message = cast(OutboxMessage, outbox.enqueue(KIND, {"notice": str(notice.pk)}))
        notice.save(force_insert=True)
        count += 1
    return count


def _clients_of(user: Any) -> QuerySet[Client]:
    """Those that want to be told, and have something of the person; our own applications always,
    for nobody is asked to consent to these, so that nothing tells who has once been there."""
    known = Q(first_party=True)
    for model, name in (
        (Consent, "client"),
        (ClientSession, "client"),
        (Grant, "application"),
        (RefreshToken, "application"),
        (AccessToken, "application"),
        (IDToken, "application"),
    ):
        known |= Q(pk__in=model.objects.filter(user=user).values(name))
    subscribed = Client.objects.filter(metadata__has_key="security_event_uri")
    return subscribed.filter(known).order_by("pk")


@outbox.handler(KIND, queue=outbox.Queue.BULK)
def deliver(payload: dict[str, Any], key: str) -> None:
    """Tell one client of one person; then nothing is kept of it.

    Raises as ``security_event.deliver`` and ``security_event.token``.
    """
    notice = ErasureNotice.objects.select_related("client").filter(pk=payload["notice"]).first()
    if notice is None:
        return  # it was told, or the client is gone
    client = notice.client
    if address := client.registered("security_event_uri"):
        signed = security_event.token(
            client,
            ACCOUNT_PURGED,
            subject=notice.subject,
            jti=str(notice.pk),
            at=notice.created_at,
            about={},
        )
        security_event.deliver(address, signed, client.security_event_secret or "")
    ErasureNotice.objects.filter(pk=notice.pk).delete()


def settled() -> QuerySet[ErasureNotice]:
    """Those whose message an operator has dropped, or that was told by a worker that was killed."""
    over = [OutboxMessage.State.DONE, OutboxMessage.State.DROPPED]
    return ErasureNotice.objects.filter(message__state__in=over)
