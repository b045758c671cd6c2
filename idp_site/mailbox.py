"""The demo's mailbox: every message that the site sent, at ``/dev/mailbox/``.

Web and worker processes share one file of JSON lines, so that all see what any of them sent.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TypedDict

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from mfa.sms.backend import ForgedReport, Report, Text


class Message(TypedDict):
    """One message. ``channel`` is ``email`` or ``sms``; ``sent_at`` is ISO 8601 in UTC."""

    channel: str
    to: str
    subject: str
    text: str
    sent_at: str


def _file() -> Path:
    return Path(settings.VAR_DIR) / "mailbox.jsonl"


def deliver(channel: str, to: str, subject: str, text: str) -> None:
    """Put a message into the mailbox."""
    message = Message(
        channel=channel, to=to, subject=subject, text=text, sent_at=timezone.now().isoformat()
    )
    handle = os.open(_file(), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.write(json.dumps(message) + "\n")


def messages() -> list[Message]:
    """Every message, oldest first."""
    try:
        with _file().open(encoding="utf-8") as file:
            fcntl.flock(file, fcntl.LOCK_SH)
            return [json.loads(line) for line in file]
    except FileNotFoundError:
        return []


class EmailBackend(BaseEmailBackend):
    """Django's email backend of demo mode: one message in the mailbox for each recipient."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Deliver, and count the messages."""
        for message in email_messages:
            for recipient in message.recipients():
                deliver("email", recipient, str(message.subject), str(message.body))
        return len(email_messages)


class SmsBackend:
    """Carries the text messages of demo mode (``mfa.sms.backend.Backend``)."""

    repeats_are_one = False

    def send(self, text: Text, key: str) -> str:
        """Deliver, and tell no name of it."""
        deliver("sms", text.to, "", text.text)
        return ""

    def report(self, request: HttpRequest) -> Report | None:
        """The mailbox tells nothing."""
        raise ForgedReport


@require_safe
@never_cache
def mailbox(request: HttpRequest) -> HttpResponse:
    """A page, newest first; with ``Accept: application/json`` a list, oldest first."""
    if not settings.DEMO:
        raise Http404
    if request.get_preferred_type(["text/html", "application/json"]) == "application/json":
        return JsonResponse(messages(), safe=False)
    return render(request, "idp_site/mailbox.html", {"sent": messages()[::-1]})
