"""Which clients a session has signed its person in to, and how they hear of its end.

A row is kept for a client that has registered a logout address, and for no other. Whoever writes
here has locked, or changed, the session and its grants before, in this order: so that of a code
redeemed while its session ends, one always sees what the other has done.
"""

from __future__ import annotations

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, UUIDField
from django.utils import timezone

from ostiary import outbox, prepared
from ostiary.models import Session
from ostiary.prepared import Parameter

from . import backchannel_logout, claims
from .models import Client, ClientSession, Grant

TOO_LATE_SECONDS = 5
"""A client whose tokens come after the end of the session is told so much later: by then it has
made the session that it is to end."""


def wants_to_hear(grant: Grant, client: Client) -> bool:
    """Whether what ``grant`` signs in is a session that the client wants to be told the end of."""
    return bool(
        grant.sid
        and "openid" in grant.scope.split()
        and (
            client.registered("backchannel_logout_uri")
            or client.registered("frontchannel_logout_uri")
        )
    )


def note_sign_in(grant: Grant, client: Client) -> None:
    """What signs the person in has just been given out: note it, if the client wants to hear."""
    if wants_to_hear(grant, client):
        with transaction.atomic():
            remember(grant, client, live=hold(grant))


_hold = prepared.Select(
    Session,
    lambda: (
        Session.objects.select_for_update(no_key=True)
        .filter(pk=Parameter("sid", UUIDField()), ended_at__isnull=True)
        .only("pk")
    ),
)
_insert = prepared.Insert(ClientSession, ignore_conflicts=True)


def hold(grant: Grant) -> bool:
    """Whether the session of ``grant`` is live, and stays so until the transaction is over."""
    return _hold.first(sid=grant.sid) is not None


def remember(grant: Grant, client: Client, *, live: bool) -> None:
    """Note that the person was signed in to ``client``; with offline access that may be after the
    session has ended, and then it is told at once."""
    _insert.run(
        ClientSession(
            sid=str(grant.sid),
            client=client,
            user=grant.user,
            subject=claims.subject_for(grant.user, client),
        )
    )
    if not live:
        end(Q(sid=grant.sid, client=client), delay_seconds=TOO_LATE_SECONDS)


def end(which: Q, *, delay_seconds: int = 0) -> list[ClientSession]:
    """End what ``which`` selects, and tell the clients over the back channel; returns what ended.

    In the caller's transaction: what is rolled back is never told.
    """
    live = ClientSession.objects.select_for_update(of=("self",)).select_related("client")
    ending = list(live.filter(which, ended_at__isnull=True).order_by("pk"))
    now = timezone.now()
    for session in ending:
        session.ended_at = now
        if session.client.registered("backchannel_logout_uri"):
            session.message = outbox.enqueue(
                backchannel_logout.KIND,
                {"client_session": str(session.pk)},
                delay_seconds=delay_seconds,
            )
    ClientSession.objects.bulk_update(ending, ["ended_at", "message"])
    return ending


def orphans() -> Q:
    """Live ones whose session is not: it was deleted with its person, and nobody told us."""
    live = Session.objects.filter(pk=OuterRef("sid"), ended_at__isnull=True)
    return Q(~Exists(live), ended_at__isnull=True)
