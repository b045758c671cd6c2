"""What carries text messages: a class named by its dotted path in ``SMS_BACKEND``."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from typing import Protocol

from django.http import HttpRequest
from django.utils.module_loading import import_string

from ..conf import mfa_settings
from .http import Answer, NotSent, Unsure


@dataclass(frozen=True)
class Text:
    """A message to be sent. ``id`` is ours, and comes back with what is told of its delivery."""

    id: str
    to: str
    text: str
    status_url: str

    def __repr__(self) -> str:
        return f"<Text {self.id}>"


class Refused(Exception):
    """The gateway will never send this message. Its text is shown to operators."""


class ForgedReport(Exception):
    """A report of delivery that the gateway has not signed."""


@dataclass(frozen=True)
class Report:
    """What a gateway tells of a message: ``state`` is ``sent``, ``delivered`` or ``failed``."""

    state: str
    reason: str = ""


class Backend(Protocol):
    """A way to send text messages. It is made anew for each."""

    repeats_are_one: bool
    """Whether the same key twice is one message to it, so that what is unsure can be repeated."""

    def send(self, text: Text, key: str) -> str:
        """Send it; returns the gateway's own name of it, or ``""``.

        Raises ``Refused``, ``NotSent`` and ``Unsure``; in no text of theirs stands what is sent.
        """

    def report(self, request: HttpRequest) -> Report | None:
        """What a signed request to the ``status_url`` tells; ``None`` if nothing that we keep.

        Raises ``ForgedReport``.
        """


def is_on() -> bool:
    """Whether this site sends text messages at all."""
    return bool(mfa_settings.SMS_BACKEND and mfa_settings.SMS_COUNTRIES)


def configured() -> Backend:
    """The one of the settings."""
    backend: Backend = import_string(mfa_settings.SMS_BACKEND)()
    return backend


def judge(answer: Answer, name: str, reason: str = "") -> None:
    """What a status means for the message; nothing for success.

    Raises ``NotSent`` where the gateway has no time for it or does not know us, which an operator
    can mend, ``Unsure`` where it broke, and ``Refused``.
    """
    if 200 <= answer.status < 300:
        return
    told = f"{name} answers {answer.status} {reason}".strip()
    if answer.status in (429, 503):
        raise NotSent(told, answer.retry_after)
    if answer.status in (401, 403, 404) or 300 <= answer.status < 400:
        raise NotSent(told, answer.retry_after)
    if answer.status >= 500:
        raise Unsure(told, answer.retry_after)
    raise Refused(told)


def is_same(given: str, wanted: str) -> bool:
    """Compare signatures in constant time; what is given may be anything."""
    return hmac.compare_digest(given.encode("utf-8", "surrogatepass"), wanted.encode())
