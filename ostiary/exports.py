"""Copies of what is kept of a person (GDPR articles 15 and 20): asked for, collected, fetched.

The worker collects from every app's exporter, and writes one ZIP file, encrypted, in parts
(``export_chunks``). Each attempt writes parts of its own, and only the newest one can finish: so
whenever a worker is killed, the next begins anew, and there is one copy and one message. Nobody but
the person gets it, on a page that wants a fresh proof of who they are: an operator can only have it
made for them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.http import HttpRequest
from django.utils import timezone, translation
from django.utils.formats import date_format

from . import cleanup, events, export_archive, export_chunks, outbox, privacy
from .conf import ostiary_settings
from .models import Export, ExportChunk, OutboxMessage
from .notifications import language_of, notify

State, By = Export.State, Export.By
Job = OutboxMessage.State

KIND = "exports.collect"
CHUNKS_AT_ONCE = 50
"""So many parts, each of ``export_chunks.CHUNK_BYTES``, are removed by one statement."""

PageLink = Callable[[], str]
"""Where people fetch their copies."""

_page_link: PageLink | None = None


def use_page_link(make: PageLink) -> None:
    """Have ``make`` asked for the link of the messages: to the page, never to the file."""
    global _page_link
    _page_link = make


class Overtaken(Exception):
    """Another worker has begun anew meanwhile."""


# --- asking for one -----------------------------------------------------------------------------


def of(user: Any) -> Export | None:
    """The person's newest copy, if it is being collected, is offered, or has failed."""
    now = timezone.now()
    shown = Q(state=State.WAITING) | Q(expires_at__gt=now)
    return Export.objects.filter(shown, user=user).order_by("-id").first()


def waiting_of(user: Any) -> Export | None:
    """The person's copy that is being collected, if a worker may still finish it."""
    asked = Export.objects.filter(user=user, state=State.WAITING).first()
    return asked if asked is not None and can_go_on(asked) else None


def can_go_on(asked: Export) -> bool:
    """Whether a worker will still be at it, without an operator's help."""
    return asked.message is not None and asked.message.state == Job.PENDING


def request(
    user: Any,
    *,
    by: str = By.PERSON,
    reason: str = "",
    operator: Any = None,
    http_request: HttpRequest | None = None,
) -> Export:
    """Ask for a copy, and tell the person. One that is being collected goes on as it is; one that
    nobody goes on with gives way."""
    if running := waiting_of(user):
        return running
    try:
        with transaction.atomic():
            for stuck in Export.objects.filter(user=user, state=State.WAITING):
                if not can_go_on(stuck):
                    _fail(stuck)
            asked = Export(
                user=user,
                requested_by=by,
                operator=privacy.pseudonym_of(operator) if operator is not None else "",
                reason=reason or None,
                language=language_of(user),
            )
            asked.message = outbox.enqueue(KIND, {"export": str(asked.pk)})
            asked.save(force_insert=True)
            events.record(
                "export.requested",
                user=user,
                request=http_request,
                details={"by": by, **({"operator": asked.operator} if asked.operator else {})},
                personal={"reason": reason} if reason else None,
            )
            notify(user, "export_requested", request=http_request)
    except IntegrityError:
        others = Export.objects.filter(user=user, state=State.WAITING).first()
        if others is None:
            raise
        return others
    return asked


# --- collecting ---------------------------------------------------------------------------------


@outbox.handler(KIND, queue=outbox.Queue.BULK)
def _job(payload: dict[str, Any], key: str) -> None:
    collect(payload["export"])


def collect(key: Any) -> bool:
    """Collect this copy, from the beginning, and tell the person; whether it is ready by that.

    Nothing happens to one that is ready, has failed, or is gone with its person. Raises
    ``Overtaken`` if another worker has begun anew meanwhile.
    """
    asked = _claim(key)
    if asked is None:
        return False
    _remove_chunks(ExportChunk.objects.filter(export=asked, attempt__lt=asked.attempts))
    try:
        writer = export_chunks.ChunkWriter(asked, asked.attempts)
        with translation.override(asked.language or translation.get_language()):
            export_archive.write(writer, asked.user)
        writer.finish()
    except privacy.PersonErased:
        return False
    if not _finish(asked, writer):
        _remove_chunks(ExportChunk.objects.filter(export=asked, attempt=asked.attempts))
        if Export.objects.filter(pk=asked.pk, state=State.WAITING).exists():
            raise Overtaken("Another worker collects it.")
        return False
    return True


def _claim(key: Any) -> Export | None:
    with transaction.atomic():
        # The row is ours until the commit: no two attempts have one number.
        waiting = Export.objects.filter(pk=key, state=State.WAITING)
        if not waiting.update(attempts=F("attempts") + 1):
            return None
        return Export.objects.select_related("user").get(pk=key)


def _finish(asked: Export, writer: export_chunks.ChunkWriter) -> bool:
    """Offer it, in place of any older one; ``False`` if it isn't ours to finish any more."""
    now = timezone.now()
    until = now + timedelta(days=ostiary_settings.EXPORT_KEEP_DAYS)
    with transaction.atomic():
        ours = Export.objects.filter(pk=asked.pk, state=State.WAITING, attempts=asked.attempts)
        if not ours.update(
            state=State.READY,
            made_by=asked.attempts,
            chunks=writer.chunks,
            size=writer.size,
            finished_at=now,
            expires_at=until,
        ):
            return False
        older = Export.objects.filter(user=asked.user).exclude(pk=asked.pk)
        older.filter(state__in=[State.READY, State.FAILED]).update(expires_at=now)
        events.record("export.ready", user=asked.user)
        with translation.override(language_of(asked.user)):
            date = date_format(timezone.localtime(until), "DATETIME_FORMAT")
        notify(asked.user, "export_ready", {"date": date, "link": _link()})
    return True


def _link() -> str:
    return _page_link() if _page_link else ""


def give_up_dead() -> int:
    """Say of those whose job was dropped that they have failed, and tell the people; how many.

    One that is parked waits for an operator, and its person may ask anew.
    """
    over = Q(message=None) | Q(message__state__in=[Job.DROPPED, Job.DONE])
    failed = 0
    for dead in Export.objects.filter(over, state=State.WAITING).select_related("user")[:500]:
        with transaction.atomic():
            if _fail(dead):
                notify(dead.user, "export_failed", {"link": _link()})
                failed += 1
    return failed


def _fail(asked: Export) -> bool:
    """In the caller's transaction."""
    now = timezone.now()
    kept = timedelta(days=ostiary_settings.EXPORT_KEEP_DAYS)
    failed = Export.objects.filter(pk=asked.pk, state=State.WAITING).update(
        state=State.FAILED, finished_at=now, expires_at=now + kept
    )
    if failed:
        events.record("export.failed", user=asked.user, outcome="failure")
    return bool(failed)


# --- fetching, and removing ---------------------------------------------------------------------


def fetch(offered: Export, *, http_request: HttpRequest | None = None) -> Iterator[bytes]:
    """The ZIP file of a copy that is offered, part by part; the log is told first."""
    with transaction.atomic():
        Export.objects.filter(pk=offered.pk).update(fetched_at=timezone.now())
        events.record("export.fetched", user=offered.user, request=http_request)
    return export_chunks.read(offered)


def remove_expired() -> int:
    """Remove what is offered no more; returns how many copies."""
    over = Export.objects.filter(expires_at__lte=timezone.now())
    _remove_chunks(ExportChunk.objects.filter(export__in=over.values("pk")))
    return cleanup.remove(over, batch=CHUNKS_AT_ONCE)


def forget(user: Any) -> dict[str, int]:
    """Remove all copies of a person who is erased; returns how many."""
    own = Export.objects.filter(user=user)
    parts = ExportChunk.objects.filter(export__in=own.values("pk"))
    return {
        ExportChunk._meta.label: parts.delete()[0],
        Export._meta.label: own.delete()[0],
    }


def _remove_chunks(rows: Any) -> None:
    cleanup.remove(rows, batch=CHUNKS_AT_ONCE)
