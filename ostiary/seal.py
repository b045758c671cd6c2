"""Sealing the security log into a signed hash chain.

Writers only insert events; this module, run now and then by one task, links them into a chain and
signs its head with a key that is not in the database. So the log never makes two sign-ins wait for
each other, and whoever holds the database alone can't rewrite it (SECURITY H20).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.db import IntegrityError, connection, models, transaction
from django.db.models import Exists, Max, OuterRef
from django.utils import timezone
from django.utils.module_loading import import_string

from . import events
from .conf import ostiary_settings
from .encryption import ring
from .models import Event, EventSeal, SealedEvent

GENESIS = "0" * 64
GAP = "?"
"""Stands for the digest of a link that is gone: what follows it can't be checked against it."""
BATCH = 1000
LATE = timedelta(days=1)
"""A transaction that was open for longer than this when it wrote its event is not looked for."""


@dataclass(frozen=True)
class Head:
    """The end of the chain at one moment, as it is signed and given to a witness."""

    position: int
    digest: str
    sealed_at: str
    signature: str


def _signing_keys() -> list[Ed25519PrivateKey]:
    return [Ed25519PrivateKey.from_private_bytes(key) for key in ring().derive_all("events.seal")]


def sign(text: str) -> str:
    """Sign by the newest key of the ring; hex."""
    return _signing_keys()[0].sign(text.encode()).hex()


def is_signed(text: str, signature: str) -> bool:
    """Whether any key of the ring made ``signature``."""
    for key in _signing_keys():
        try:
            key.public_key().verify(bytes.fromhex(signature), text.encode())
        except (InvalidSignature, ValueError):
            continue
        return True
    return False


def link(previous: str, event: Event) -> str:
    """The digest of an event after the link before it: over everything the row says."""
    said = {
        "id": str(event.pk),
        "at": event.at.isoformat(),
        "kind": event.kind,
        "outcome": event.outcome,
        "subject": event.subject,
        "client_id": event.client_id,
        "details": event.details,
        "personal": bytes(event.personal).hex() if event.personal is not None else None,
    }
    canonical = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(f"{previous} {canonical}".encode()).hexdigest()


def _head_text(position: int, digest: str, sealed_at: str) -> str:
    return f"ostiary event chain {position} {digest} {sealed_at}"


def _unsealed() -> models.QuerySet[Event]:
    last = EventSeal.objects.aggregate(at=Max("sealed_at"))["at"]
    recent = Event.objects.all() if last is None else Event.objects.filter(at__gte=last - LATE)
    sealed = SealedEvent.objects.filter(event_id=OuterRef("pk"))
    return recent.filter(~Exists(sealed)).order_by("id")


def seal_new() -> int:
    """Link every event that is not in the chain yet, batch by batch; returns how many.

    Two sealers at once: the positions are unique, so one of them gives way.
    """
    sealed = 0
    while batch := list(_unsealed()[:BATCH]):
        try:
            head = _seal(batch)
        except IntegrityError:
            break
        sealed += len(batch)
        if ostiary_settings.EVENT_WITNESS:
            import_string(ostiary_settings.EVENT_WITNESS)(head)
    return sealed


def _seal(batch: Iterable[Event]) -> Head:
    with transaction.atomic():
        last = SealedEvent.objects.order_by("-position").first()
        position, digest = (last.position, last.digest) if last else (0, GENESIS)
        links = []
        for event in batch:
            position, digest = position + 1, link(digest, event)
            links.append(SealedEvent(position=position, event_id=event.pk, digest=digest))
        SealedEvent.objects.bulk_create(links)
        now = timezone.now()
        signature = sign(_head_text(position, digest, now.isoformat()))
        EventSeal.objects.create(
            position=position, digest=digest, signature=signature, sealed_at=now
        )
    return Head(position, digest, now.isoformat(), signature)


# --- verifying ---------------------------------------------------------------------------------


def verify(witnessed: Iterable[Head] = ()) -> Iterator[str]:
    """What is wrong with the log, in words, first things first; nothing if it is whole.

    ``witnessed`` are heads that were kept elsewhere: with them it is found, too, when the newest
    rows were cut off together with their seals.
    """
    pruned = _pruned_through()
    seals = {seal.position: seal for seal in EventSeal.objects.all()}
    digests: dict[int, str] = {}
    expected, digest = 1, GENESIS
    for found in SealedEvent.objects.order_by("position").iterator(BATCH):
        if found.position != expected:
            yield f"#{expected} to #{found.position - 1}: links were removed"
            digest = GAP
        event = Event.objects.filter(pk=found.event_id).first()
        if event is None and found.position > pruned:
            yield f"#{found.position}: event {found.event_id} was removed"
        elif event is not None and digest != GAP and link(digest, event) != found.digest:
            yield f"#{found.position}: event {found.event_id} was altered or moved"
        expected, digest = found.position + 1, found.digest
        if found.position in seals:
            digests[found.position] = digest
    yield from _verify_seals(seals.values(), digests, last=expected - 1)
    for head in witnessed:
        text = _head_text(head.position, head.digest, head.sealed_at)
        seal = seals.get(head.position)
        if not is_signed(text, head.signature):
            yield f"#{head.position}: the witness file has a head that we did not sign"
        elif seal is None or seal.digest != head.digest:
            yield f"#{head.position}: a head that a witness has seen is gone: rows were cut off"


def _verify_seals(
    seals: Iterable[EventSeal], digests: dict[int, str], *, last: int
) -> Iterator[str]:
    newest = 0
    for seal in seals:
        newest = max(newest, seal.position)
        text = _head_text(seal.position, seal.digest, seal.sealed_at.isoformat())
        if not is_signed(text, seal.signature):
            yield f"#{seal.position}: the seal was not signed by us"
        elif digests.get(seal.position) != seal.digest:
            yield f"#{seal.position}: the chain does not lead to its signed head"
    if newest < last:
        yield f"#{newest + 1} to #{last}: links without a signed head"


# --- retention ---------------------------------------------------------------------------------


def _prune_text(position: int) -> str:
    return f"ostiary events pruned through {position}"


def _pruned_through() -> int:
    """Up to where the retention command has removed events, by its own signed word."""
    told = Event.objects.filter(kind="events.pruned").order_by("-id")
    for event in told:
        position = int(event.details.get("through", 0))
        if is_signed(_prune_text(position), event.details.get("signature", "")):
            return position
    return 0


def prune(older_than: timedelta) -> int:
    """Remove sealed events older than ``older_than``, and say so in the log; returns how many.

    Their links stay, so that the chain still verifies. On PostgreSQL a trigger lets nobody else.
    """
    old = Event.objects.filter(at__lt=timezone.now() - older_than).values("pk")
    links = SealedEvent.objects.filter(event_id__in=old)
    through: int = links.aggregate(last=Max("position"))["last"] or 0
    with transaction.atomic():
        ids: list[Any] = list(
            SealedEvent.objects.filter(position__lte=through, event_id__in=old).values_list(
                "event_id", flat=True
            )
        )
        if not ids:
            return 0
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL ostiary.retention = 'on'")
        removed: int = models.QuerySet(Event).filter(pk__in=ids)._raw_delete(using="default")  # type: ignore[attr-defined]
        events.record(
            "events.pruned",
            details={"through": through, "signature": sign(_prune_text(through))},
        )
    return removed


events.register_kinds({"events.pruned": "Old events were removed"})
