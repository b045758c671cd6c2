"""Codes by text message in a sign-in, and what a gateway tells of a message."""

from __future__ import annotations

import uuid
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from .. import challenge, sent_code
from ..models import SentCode, TextMessage
from ..sms import backend, delivery, phones, sending
from ..sms.factor import KIND
from .sent_code import CodePage, code_page


@sensitive_post_parameters("code")
@challenge.challenge_page(KIND.name)
def sms_challenge(request: HttpRequest, user: Any) -> HttpResponse:
    """The second step of a sign-in: the code that was sent to the person's telephone."""
    phone = phones.in_use(user)
    if phone is None:  # it has gone since the page looked
        raise Http404

    def entered(asked: SentCode) -> HttpResponse:
        device = asked.phone or phone
        sent_code.used(device)
        return challenge.passed(request, device, KIND.name)

    page = CodePage(
        "sms_challenge",
        SentCode.Channel.SMS,
        sent_code.SIGNIN,
        send=lambda: sending.send_code(request, user, phone, sent_code.SIGNIN),
        entered=entered,
        context={"phone": phone, **challenge.told(request, user, KIND.name)},
    )
    return code_page(request, user, page)


@csrf_exempt
@require_POST
def sms_status(request: HttpRequest, message_id: uuid.UUID) -> HttpResponse:
    """What the gateway says of a message's delivery: signed, and harmless when it is repeated."""
    if not backend.is_on():
        raise Http404
    try:
        report = backend.configured().report(request)
    except backend.ForgedReport:
        return HttpResponse(status=403)
    message = get_object_or_404(TextMessage, pk=message_id)
    if report is not None:
        delivery.note(message, report)
    return HttpResponse(status=204)


sms_status.without_person = True  # type: ignore[attr-defined]  # no session is read for it
