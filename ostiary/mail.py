"""Email, through the outbox: rendered in the caller's transaction, sent by a worker."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from email.utils import parseaddr
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template import Context
from django.template.loader import get_template
from django.utils import translation

from . import (
    bidi,
    branding,
    mail_failures,
    mail_provider,
    mail_reports,
    mail_standing,
    message_source,
    outbox,
)
from .conf import ostiary_settings
from .email_addresses import in_header, normalize

TO_MACHINES = {"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All"}
"""No machine is to answer (RFC 3834 §5, and Exchange's own word for it). There is no
``List-Unsubscribe``: nobody can turn these messages off."""


def absolute_url(path: str) -> str:
    """The address of ``path`` (beginning with ``/``) on this site: never of the request's host."""
    if not path.startswith("/") or path.startswith("//"):
        raise ValueError("A path on this site begins with one slash.")
    return f"{ostiary_settings.ISSUER_URL}{path}"


@dataclass(frozen=True)
class Rendered:
    """A message as it is sent, to whomever."""

    subject: str
    text: str
    html: str


def render(template: str, context: dict[str, Any], *, language: str = "") -> Rendered:
    """The message of ``{template}_subject.txt`` and ``{template}.txt``, as text and as HTML.

    In ``language`` or the one that is active, with ``site_name`` and ``issuer_url`` added to the
    context. See ``message_source`` for what a template may hold.
    """
    site_name = branding.site_name()
    with translation.override(language or translation.get_language()):
        given = {
            "site_name": bidi.isolated(site_name),
            "issuer_url": ostiary_settings.ISSUER_URL,
            **context,
        }
        subject = message_source.one_line(_plain(f"{template}_subject.txt", given))
        subject = bidi.without_isolates(subject)
        found = message_source.blocks(_plain(f"{template}.txt", given))
        return Rendered(
            subject=subject,
            text=message_source.plain(found),
            html=message_source.html(found, subject=subject, site_name=site_name),
        )


def send_email(
    to: str,
    template: str,
    context: dict[str, Any],
    *,
    key: str | None = None,
    language: str = "",
    urgent: bool = False,
    needed: bool = False,
) -> None:
    """Write an email to the outbox, in the caller's transaction (see ``render``).

    With a ``key``, repeats are one email. One that somebody waits for, such as a code, is
    ``urgent``: it waits for none that is not. That one, and one that is ``needed``, also goes to an
    address that is marked (see ``mail_standing``).
    """
    message = render(template, context, language=language)
    queue = outbox.Queue.URGENT if urgent else outbox.Queue.NORMAL
    payload = {"to": normalize(to), **asdict(message), "needed": urgent or needed}
    outbox.enqueue("email.send", payload, key=key, queue=queue)


def _plain(name: str, context: dict[str, Any]) -> str:
    # Plain text is not HTML: an apostrophe in a name is to stay one.
    rendered: str = get_template(name).template.render(Context(context, autoescape=False))  # type: ignore[attr-defined]
    return rendered


def message_id(key: str) -> str:
    """The same ``Message-ID`` (RFC 5322 §3.6.4) for every attempt, so that repeats collapse."""
    domain = parseaddr(in_header(settings.DEFAULT_FROM_EMAIL))[1].rpartition("@")[2]
    return f"<{hashlib.sha256(key.encode()).hexdigest()[:40]}@{domain or 'localhost'}>"


@outbox.handler("email.send")
def deliver_email(payload: dict[str, Any], key: str) -> None:
    """Send by Django's email backend. A refusal for good raises ``PermanentFailure``, one for now
    ``RetryAfter`` (see ``mail_failures``); to an address that is marked only what is needed goes.

    A sender that is refused, or a wrong password of ours, is tried again: an operator can mend it.
    """
    if not payload.get("needed", True) and mail_standing.is_marked(payload["to"]):
        raise outbox.Withheld("The address is marked: mail to it came back, or is not wanted.")
    message = EmailMultiAlternatives(
        payload["subject"],
        payload["text"],
        in_header(settings.DEFAULT_FROM_EMAIL),
        to=[payload["to"]],
        headers={"Message-ID": message_id(key), **TO_MACHINES},
    )
    if payload.get("html"):
        message.attach_alternative(payload["html"], "text/html")
    mail_provider.without_tracking(message)
    try:
        message.message()
    except ValueError:
        # A line break in a header, an address that can't be written: it will never go.
        raise outbox.PermanentFailure("The message can't be written as an email.") from None
    try:
        message.send()
    except Exception as error:
        if mail_failures.is_no_mailbox(error):
            mail_reports.refused(payload["to"], key)
        if told := mail_failures.told(error):
            raise told from None
        raise
    mail_failures.must_be_taken(message)
    mail_reports.sent(message, payload["to"], key)
