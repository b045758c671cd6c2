"""Where the mail provider reports what became of messages: verified, written down, answered."""

from __future__ import annotations

import logging
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from . import mail_provider, mail_reports

MOST_BYTES = 1024 * 1024
"""Of one call: the largest batches that a provider makes, SendGrid's, are below it."""
MOST_EVENTS = 5000

log = logging.getLogger(__name__)


class Refused(Exception):
    """The call is answered with this status."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


@never_cache
@csrf_exempt
@require_http_methods(["POST", "HEAD"])  # HEAD: with which some see whether the address is there
def reports(request: HttpRequest) -> HttpResponse:
    """Take what the provider reports. There is no such page where it has no secret."""
    view = mail_provider.tracking_view()
    if view is None:
        return HttpResponse(status=404)
    if request.method == "HEAD":
        return HttpResponse()
    try:
        _check_size(request)
        _verify(view, request)
        events = _read(view, request)
    except Refused as refused:
        answer = HttpResponse(status=refused.status)
        if refused.status == 401:
            answer["WWW-Authenticate"] = 'Basic realm="reports"'
        return answer
    mail_reports.take(events, view.esp_name)
    return HttpResponse()


def _check_size(request: HttpRequest) -> None:
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not (length.isascii() and length.isdigit()) or int(length) > MOST_BYTES:
        raise Refused(413)


def _verify(view: Any, request: HttpRequest) -> None:
    """By the provider's signature, or by the secret that it was given (HTTP Basic)."""
    from anymail.exceptions import AnymailWebhookValidationFailure

    if view.basic_auth and "HTTP_AUTHORIZATION" not in request.META:
        raise Refused(401)  # Amazon SNS sends its secret only when it is asked
    try:
        view.run_validators(request)
    except AnymailWebhookValidationFailure:
        raise Refused(403) from None
    except Exception as error:
        # Some validators read the body first, and it isn't signed yet: it may be anything.
        log.warning("A mail provider’s call can't be read (%s).", type(error).__name__)
        raise Refused(400) from None


def _read(view: Any, request: HttpRequest) -> list[Any]:
    try:
        events = list(view.parse_events(request))
    except Exception as error:
        # It is the provider, and it says what anymail doesn't know; its text may name people.
        log.warning("A mail provider’s report can't be read (%s).", type(error).__name__)
        raise Refused(400) from None
    if len(events) > MOST_EVENTS:
        raise Refused(413)
    return events
