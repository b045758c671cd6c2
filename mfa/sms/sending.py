"""Having text messages sent: what that costs is spent first, then the outbox holds the message."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from django.db import transaction
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from ostiary import branding, events, mail, outbox
from ostiary.client_address import client_ip
from ostiary.conf import ostiary_settings
from ostiary.message_source import one_line
from ostiary.notifications import language_of
from ostiary.throttling import Throttled, throttle

from .. import sent_code
from ..models import Phone, SentCode, TextMessage
from . import budget

TOLD_WITHIN = timedelta(hours=12)


def code_text(code: str) -> str:
    """A code, the site it is for, and at last who may fill it in (WICG, origin-bound one-time
    codes delivered via SMS)."""
    words = _("%(code)s is your code for %(site_name)s. Don’t share it with anyone.")
    told = words % {"code": code, "site_name": one_line(branding.site_name())}
    return f"{told}\n\n@{urlsplit(ostiary_settings.ISSUER_URL).hostname} #{code}"


def changed_text() -> str:
    """What the old number is told when another is to take its place."""
    words = _(
        "The phone number for codes of your account at %(site_name)s is being "
        "changed. If this wasn’t you, sign in and stop the change."
    )
    return words % {"site_name": one_line(branding.site_name())}


def send_code(request: HttpRequest, user: Any, phone: Phone, purpose: str) -> SentCode:
    """Send a code to be entered in this browser; one sent before no longer counts.

    Raises ``Throttled`` and ``BudgetSpent``; call it outside ``transaction.atomic``.
    """
    sent_code.pause(request, phone.number)
    _spend(user, phone, ip=client_ip(request), session=sent_code.session_of(request))
    code = sent_code.new_code()
    with translation.override(language_of(user)):
        text = code_text(code)
    with transaction.atomic():
        message = enqueue(user, phone, text, timezone.now() + sent_code.LIFETIME)
        asked = sent_code.write(
            request,
            user,
            code,
            channel=SentCode.Channel.SMS,
            purpose=purpose,
            phone=phone,
            text_message=message,
        )
        events.record(
            "sms.code_sent", user=user, request=request, details={"country": phone.country}
        )
    return asked


def tell_of_change(user: Any, phone: Phone) -> None:
    """Tell the number whose place another is to take. Mail tells it too, so a limit may stop it."""
    try:
        _spend(user, phone)
    except (Throttled, budget.BudgetSpent):
        return
    with translation.override(language_of(user)):
        text = changed_text()
    with transaction.atomic():
        enqueue(user, phone, text, timezone.now() + TOLD_WITHIN)


def _spend(user: Any, phone: Phone, **where: str) -> None:
    # Whoever enters a stranger's number spends nothing that its owner signs in by (SECURITY H5).
    number = f"{phone.number} {'in use' if phone.confirmed else 'proposed'}"
    throttle("sms", user=str(user.pk), number=number, country=phone.country, **where)
    budget.spend()


def enqueue(user: Any, phone: Phone, text: str, expires_at: datetime) -> TextMessage:
    """Leave a message to the outbox, in the caller's transaction; afterwards it is of no use."""
    message = TextMessage.objects.create(user=user, country=phone.country, ending=phone.ending)
    status = reverse("ostiary_mfa:sms_status", kwargs={"message_id": message.pk})
    outbox.enqueue(
        "mfa.sms",
        {
            "id": str(message.pk),
            "to": phone.number,
            "text": text,
            "status_url": mail.absolute_url(status),
            "expires_at": expires_at.timestamp(),
        },
        key=f"sms-{message.pk}",
    )
    return message
