"""The security log, sealed into a signed hash chain.

Writers only insert events; this module, run now and then by one task, links what has been
committed into a chain and signs its head with a key that is not in the database. So the log never
makes two sign-ins wait for each other, and whoever holds the database alone can't rewrite what is
sealed: the newest head vouches for every link from its start to its position (SECURITY H20).
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.db import connection, models, transaction
from django.db.models import Exists, Max, OuterRef
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.module_loading import import_string

from . import event_keys, events
from .conf import ostiary_settings
from .encryption import ring
from .models import Event, EventSeal, SealedEvent

log = logging.getLogger(__name__)

GENESIS = "0" * 64
BATCH = 1000
SOON = timedelta(hours=1)
LATE = timedelta(days=7)
ADVISORY_LOCK = int.from_bytes(b"ostiary", "big")


@dataclass(frozen=True)
class Head:
    """The end of the chain at one moment, as it is signed and given to a witness.

    Events up to ``start`` have been removed by the retention command; ``start_digest`` is the link
    there. ``sealed_at`` is in ISO 8601, the rest in hex.
    """

    start: int
    start_digest: str
    position: int
    digest: str
    sealed_at: str
    signature: str = ""

    @classmethod
    def of(cls, seal: EventSeal) -> Head:
        """The head that a row keeps."""
        sealed_at = seal.sealed_at.astimezone(UTC).isoformat()
        return cls(
            seal.start, seal.start_digest, seal.position, seal.digest, sealed_at, seal.signature
        )

    @property
    def text(self) -> bytes:
        """What is signed."""
        parts = ("ostiary event chain", self.start, self.start_digest, self.position, self.digest)
        return " ".join(map(str, (*parts, self.sealed_at))).encode()

    def signed(self) -> Head:
        """This head with a signature by the newest key of the ring."""
        return replace(self, signature=_signing_keys()[0].sign(self.text).hex())

    def is_signed(self) -> bool:
        """Whether any key of the ring made the signature."""
        for key in _signing_keys():
            try:
                key.public_key().verify(bytes.fromhex(self.signature), self.text)
            except (InvalidSignature, ValueError):
                continue
            return True
        return False


def _signing_keys() -> list[Ed25519PrivateKey]:
    return [Ed25519PrivateKey.from_private_bytes(key) for key in ring().derive_all("events.seal")]


def link(previous: str, event: Event) -> str:
    """The digest of an event after the link before it: over everything the row says."""
    said = {
        "id": str(event.pk),
        "at": event.at.astimezone(UTC).isoformat(),
        "kind": event.kind,
        "outcome": event.outcome,
        "subject": event.subject,
        "client_id": event.client_id,
        "details": event.details,
        "personal": bytes(event.personal).hex() if event.personal is not None else None,
    }
    canonical = json.dumps(said, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(f"{previous} {canonical}".encode()).hexdigest()


# --- sealing -----------------------------------------------------------------------------------


class BrokenChain(Exception):
    """The chain is not as we left it: nothing is added to it or taken from it until that is
    understood. ``verify_events`` tells more."""


def seal(late: timedelta = SOON) -> int:
    """Link every event that is not in the chain yet, batch by batch; returns how many.

    A transaction may commit long after it wrote its event: such events are looked for from
    ``late`` before the newest head. One that was open for longer than ``LATE`` is never sealed,
    and ``verify`` tells of it. Raises ``BrokenChain``.
    """
    sealed = 0
    while batch := _seal_batch(late):
        sealed += batch
    return sealed


def _seal_batch(late: timedelta) -> int:
    with transaction.atomic():
        newest = _newest_locked()
        found = Event.objects.all()
        if newest is not None:
            found = found.filter(at__gte=newest.sealed_at - late)
        batch = list(_not_linked(found).order_by("id")[:BATCH])
        if not batch:
            return 0
        head = _append(newest, batch)
    _tell_witness(head)
    return len(batch)


def _not_linked(found: models.QuerySet[Event]) -> models.QuerySet[Event]:
    return found.filter(~Exists(SealedEvent.objects.filter(event_id=OuterRef("pk"))))


def _newest() -> EventSeal | None:
    return EventSeal.objects.order_by("-position").first()


def _newest_locked() -> EventSeal | None:
    """The newest head, with nobody else at work on the chain until the transaction ends.

    SQLite has one writer anyway, and elsewhere the unique positions stop the second. Raises
    ``BrokenChain`` for a head that isn't ours: to sign another after it would make it so.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [ADVISORY_LOCK])
    newest = _newest()
    if newest is not None and not Head.of(newest).is_signed():
        raise BrokenChain(f"The head at #{newest.position} is not signed with a key of the ring.")
    return newest


def _append(
    newest: EventSeal | None, batch: Sequence[Event], start: EventSeal | None = None
) -> Head:
    """Link ``batch`` to the chain and sign the new head; the chain begins after ``start``."""
    position, digest = (newest.position, newest.digest) if newest else (0, GENESIS)
    begin = (newest.start, newest.start_digest) if newest else (0, GENESIS)
    if start is not None:
        begin = (start.position, start.digest)
    links = []
    for event in batch:
        position, digest = position + 1, link(digest, event)
        links.append(SealedEvent(position=position, event_id=event.pk, digest=digest))
    SealedEvent.objects.bulk_create(links)
    now = timezone.now().astimezone(UTC)
    head = Head(*begin, position, digest, now.isoformat()).signed()
    EventSeal.objects.create(**{**asdict(head), "sealed_at": parse_datetime(head.sealed_at)})
    return head


def _tell_witness(head: Head) -> None:
    """A witness that fails is no reason to stop: the next head vouches for this one too."""
    if not ostiary_settings.EVENT_WITNESS:
        return
    try:
        import_string(ostiary_settings.EVENT_WITNESS)(head)
    except Exception:
        log.exception("The witness of the event chain failed.")


def log_head(head: Head) -> None:
    """A witness for ``OSTIARY["EVENT_WITNESS"]``: one line a head, in the site's log.

    The head is in JSON at the end of the message, and in the record's ``event_chain_head``. Have
    the log kept where those who hold the database can't write.
    """
    told = asdict(head)
    log.info("event chain head %s", json.dumps(told), extra={"event_chain_head": told})


# --- verifying ---------------------------------------------------------------------------------


def verify(witnessed: Iterable[Head] = ()) -> Iterator[str]:
    """What is wrong with the log, in words, first things first; nothing if it is whole.

    ``witnessed`` are heads that were kept elsewhere: only with them it is found that the newest
    rows were cut off together with their heads, or sealed anew.
    """
    seen = {head.position: head.digest for head in witnessed}
    newest = _newest()
    if newest is not None:
        if not Head.of(newest).is_signed():
            yield f"#{newest.position}: the newest head was not signed with a key of the ring"
        yield from _verify_links(newest, seen)
    linked = SealedEvent.objects.aggregate(last=Max("position"))["last"] or 0
    newest = _newest()  # again, and after the links: a sealer may be at work
    last, until = (newest.position, newest.sealed_at) if newest else (0, timezone.now())
    if linked > last:
        yield f"{_span(last + 1, linked)}: links without a signed head"
    for position in sorted(position for position in seen if position > last):
        yield f"#{position}: a head that a witness has seen is gone: rows were cut off"
    for event in _not_linked(Event.objects.filter(at__lt=until - LATE)).order_by("id"):
        yield f"event {event.pk} was never sealed: it was put in later, or committed very late"


def _verify_links(newest: EventSeal, seen: dict[int, str]) -> Iterator[str]:
    """Follow the chain to its newest head, past the heads in between."""
    position, digest = newest.start, newest.start_digest
    broken = False
    for found, event, head in _links(newest):
        if found.position != position + 1:
            yield f"{_span(position + 1, found.position - 1)}: links were removed"
            broken = True
        if event is None:
            yield f"#{found.position}: event {found.event_id} was removed"
        elif not broken and link(digest, event) != found.digest:
            yield f"#{found.position}: event {found.event_id} was altered or moved"
        position, digest, broken = found.position, found.digest, False
        if head not in (None, digest):
            yield f"#{position}: the chain up to here was recomputed, but not its head"
        if seen.get(position, digest) != digest:
            yield f"#{position}: a witness has seen another head here"
    if position < newest.position:
        yield f"{_span(position + 1, newest.position)}: links were removed"


def _links(newest: EventSeal) -> Iterator[tuple[SealedEvent, Event | None, str | None]]:
    """Each link with its event and the digest of the head that was signed there, if any."""
    position = newest.start
    while batch := list(
        SealedEvent.objects.filter(position__gt=position, position__lte=newest.position).order_by(
            "position"
        )[:BATCH]
    ):
        position = batch[-1].position
        told = Event.objects.in_bulk([found.event_id for found in batch])
        signed = EventSeal.objects.filter(position__range=(batch[0].position, position))
        heads = dict(signed.values_list("position", "digest"))
        for found in batch:
            yield found, told.get(found.event_id), heads.get(found.position)


def _span(first: int, last: int) -> str:
    return f"#{first}" if first == last else f"#{first} to #{last}"


# --- retention ---------------------------------------------------------------------------------


def prune(older_than: timedelta) -> int:
    """Remove events sealed longer ago than ``older_than``; returns how many.

    First the chain is begun anew after them, under a new signed head, and the log says so; then
    they are deleted in batches, which can be interrupted and goes on at the next call. Raises
    ``BrokenChain``. On PostgreSQL a trigger lets nobody else delete events.
    """
    limit = timezone.now() - older_than
    with transaction.atomic():
        newest = _newest_locked()
        old = EventSeal.objects.filter(sealed_at__lt=limit).order_by("-position").first()
        if newest is None:
            return 0
        start = newest.start
        if old is not None and old.position > start:
            start = old.position
            _begin_after(newest, old, limit)
    removed = 0
    while batch := _remove_batch(start):
        removed += batch
    return removed


def _begin_after(newest: EventSeal, start: EventSeal, limit: datetime) -> None:
    leaving = SealedEvent.objects.filter(position__gt=newest.start, position__lte=start.position)
    if Event.objects.filter(at__gte=limit, pk__in=leaving.values("event_id")).exists():
        raise BrokenChain(f"The head at #{start.position} is dated before its events.")
    told = events.record("events.pruned", details={"through": start.position})
    head = _append(newest, [told], start)
    transaction.on_commit(lambda: _tell_witness(head))


def _remove_batch(start: int) -> int:
    links = SealedEvent.objects.filter(position__lte=start).order_by("position")
    leaving = dict(links.values_list("position", "event_id")[:BATCH])
    if not leaving:
        return 0
    with transaction.atomic():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL ostiary.retention = 'on'")
        # The plain query set: the log's own refuses.
        models.QuerySet(Event).filter(pk__in=leaving.values()).delete()
        EventSeal.objects.filter(position__lte=max(leaving)).delete()
        SealedEvent.objects.filter(position__in=leaving).delete()
        event_keys.remove(leaving.values())
    return len(leaving)
