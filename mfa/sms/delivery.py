"""What becomes of a text message: sent by a worker, and then told of by the gateway.

A gateway that takes our key twice for one message is asked again until the message is of no more
use. With another, what may have gone out is never sent a second time: the person asks for a new
code, and only that one counts.
"""

from __future__ import annotations

import logging
from typing import Any

from django.utils import timezone

from ostiary import events, outbox

from ..models import TextMessage
from .backend import Backend, Refused, Report, Text, configured, is_on
from .http import NotSent, Unsure

log = logging.getLogger(__name__)

State = TextMessage.State
UNDER_WAY = [State.QUEUED, State.SENDING, State.SENT]


@outbox.handler("mfa.sms", queue=outbox.Queue.SMS)
def send(payload: dict[str, Any], key: str) -> None:
    """Give a message to the gateway. What fails for good is kept with the message, not parked:
    to retry it later would be of no use to anybody."""
    message = TextMessage.objects.filter(pk=payload["id"]).first()
    if message is None:
        return
    if message.user_id is None:
        _fail(message, "The account is gone.")
    elif not is_on():
        _fail(message, "Text messages are turned off.")
    elif payload["expires_at"] <= timezone.now().timestamp():
        _fail(message, "It could not be sent in time.")
    else:
        _send(message, payload, key)


def _send(message: TextMessage, payload: dict[str, Any], key: str) -> None:
    backend = configured()
    if not _take(message, backend):
        _fail(message, "A worker was killed: it may have gone out.")
        return
    text = Text(str(message.pk), payload["to"], payload["text"], payload["status_url"])
    try:
        name = backend.send(text, key)
    except Refused as refused:
        _fail(message, str(refused))
    except NotSent as not_sent:
        _move(message, [State.SENDING], state=State.QUEUED)
        raise outbox.RetryAfter(str(not_sent), not_sent.seconds) from None
    except Unsure as unsure:
        if backend.repeats_are_one:
            _move(message, [State.SENDING], state=State.QUEUED)
            raise outbox.RetryAfter(str(unsure), unsure.seconds) from None
        _fail(message, f"It may have gone out: {unsure}")
    else:
        # The gateway's own report may have been quicker.
        _move(message, [State.SENDING], state=State.SENT)
        _move(message, [*State], name_at_gateway=name[:100])


def _take(message: TextMessage, backend: Backend) -> bool:
    """Whether this worker may send it: no other has tried, or another try does no harm."""
    free = [State.QUEUED, State.SENDING] if backend.repeats_are_one else [State.QUEUED]
    return _move(message, free, state=State.SENDING)


def note(message: TextMessage, report: Report) -> None:
    """Keep what the gateway tells. Repeats, and what comes late, change nothing."""
    if report.state == State.FAILED:
        _fail(message, report.reason or "The gateway could not deliver it.")
    elif report.state == State.DELIVERED:
        _move(message, [*UNDER_WAY, State.FAILED], state=State.DELIVERED, reason="")
    else:
        _move(message, [State.QUEUED, State.SENDING], state=State.SENT)


def _fail(message: TextMessage, reason: str) -> None:
    told = outbox.PERSONAL.sub("…", "".join(c for c in reason if c.isprintable()))[:100]
    if _move(message, UNDER_WAY, state=State.FAILED, reason=told):
        events.record(
            "sms.failed",
            user=message.user,
            outcome="failure",
            details={"country": message.country, "reason": told},
        )
        log.warning("Text message %s could not be delivered: %s", message.pk, told)


def _move(message: TextMessage, states: list[State], **changes: Any) -> bool:
    """Change the message if it is in one of the states: one statement."""
    return bool(TextMessage.objects.filter(pk=message.pk, state__in=states).update(**changes))
