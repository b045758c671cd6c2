"""What mail providers report of what they took: delivered, not sent, come back, reported as spam.

Whoever calls verifies that it is the provider, and has the reports written to the outbox here: one
row for a call, and nothing of it names an address. A worker does the rest (``mail_standing``).
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db import DatabaseError, transaction
from django.utils import timezone

from . import mail_bounces, mail_standing, outbox
from .email_addresses import people_with
from .models import SentMail

KIND = "email.report"
SETTLES_IN = timedelta(minutes=5)
"""A report may be faster than the worker that writes down what it has just sent."""

log = logging.getLogger(__name__)


def sent(message: Any, address: str, key: str) -> None:
    """Note a message that a provider has taken, if its address is a person's. Never raises: what is
    sent is sent, and must not be again."""
    status = getattr(message, "anymail_status", None)
    name = getattr(status, "message_id", None)
    if not isinstance(name, str | int) or not name:
        return  # no provider, or one that doesn't name what it takes
    of = mail_standing.digest(address)
    try:
        with transaction.atomic():
            for user in people_with(address):
                SentMail.objects.create(user=user, provider_id=str(name)[:200], key=key, digest=of)
    except DatabaseError as error:
        log.warning("A sent message could not be noted (%s).", type(error).__name__)


def refused(address: str, key: str) -> None:
    """Note that there is no such mailbox. Never raises: the refusal itself is what counts."""
    try:
        mail_standing.refused(address, key)
    except DatabaseError as error:
        log.warning("A refused message could not be noted (%s).", type(error).__name__)


def take(events: Iterable[Any], provider: str) -> None:
    """Write what matters of ``events``, each as anymail makes it, to the outbox: at most one row.

    The same call again is the same row.
    """
    found = [
        (each, report)
        for each in events
        if getattr(each, "message_id", None) and (report := mail_bounces.report_of(each))
    ]
    if not found:
        return
    for event, report in found:
        if report == SentMail.Report.FAILED:
            why = mail_bounces.why_not_sent(event)
            log.error("The mail provider took a message and did not send it (%s).", why or "?")
    told = sorted({(str(event.message_id)[:200], report) for event, report in found})
    names = sorted({str(event.event_id or "") for event, _ in found})
    said = hashlib.sha256(repr((provider, names, told)).encode()).hexdigest()
    payload = {"reports": told, "at": timezone.now().isoformat()}
    outbox.enqueue(KIND, payload, key=f"{KIND}:{said}")


@outbox.handler(KIND, queue=outbox.Queue.BULK)
def settle(payload: dict[str, Any], key: str) -> None:
    """Take the reports, each once; those about mail of others are left.

    Raises ``RetryAfter`` where one comes too early.
    """
    known = [mail_standing.reported(name, report) for name, report in payload["reports"]]
    is_new = timezone.now() < datetime.fromisoformat(payload["at"]) + SETTLES_IN
    if is_new and not all(known):
        seconds = int(SETTLES_IN.total_seconds()) + 1
        raise outbox.RetryAfter("It is about a message that is not known, or not yet.", seconds)


def _tracked(sender: Any, event: Any, esp_name: str, **_: Any) -> None:
    take([event], esp_name)


def connect() -> None:
    """Hear what anymail's own views take, too, where a project mounts those."""
    try:
        from anymail.signals import tracking
    except ImportError:
        return
    tracking.connect(_tracked, dispatch_uid="ostiary.mail_reports")
