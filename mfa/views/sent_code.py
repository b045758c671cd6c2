"""A page on which a code is entered that we send, when the page is opened and when it is asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ostiary.pages import posted
from ostiary.throttling import Throttled

from .. import challenge, sent_code
from ..forms import SentCodeForm
from ..guessing import guess
from ..models import SentCode, TextMessage
from ..sms.budget import BudgetSpent
from . import show


@dataclass(frozen=True)
class CodePage:
    """How codes of a page are sent, and what follows when one was right."""

    template: str
    channel: str
    purpose: str
    send: Callable[[], SentCode]
    entered: Callable[[SentCode], HttpResponse]
    context: dict[str, Any] = field(default_factory=dict)


def code_page(request: HttpRequest, user: Any, page: CodePage) -> HttpResponse:
    """Send a code where none is under way, and take it. Raises ``Throttled`` for its guesses."""
    asked = sent_code.asked_here(request, user, page.channel, page.purpose)
    again = "resend" in request.POST
    stopped: Exception | None = None
    if again or (asked is None and request.method == "GET"):
        try:
            asked = page.send()
        except (Throttled, BudgetSpent) as error:
            stopped = error
    if again and stopped is None:
        messages.success(request, _("We sent another message. Only its code works."))
        return HttpResponseRedirect(request.get_full_path())
    form = SentCodeForm(None if again else posted(request))
    if form.is_valid():
        typed = form.cleaned_data["code"]
        found = guess(
            user,
            lambda: sent_code.redeem(request, user, page.channel, page.purpose, typed),
            request,
        )
        if found is not None:
            return page.entered(found)
        challenge.failed(request, user, page.channel)
        asked = sent_code.asked_here(request, user, page.channel, page.purpose)
        form.add_error("code", _why_not(asked))
    context = {**_progress(asked), "stopped": _in_words(stopped), **page.context}
    response = show(request, page.template, form, **context)
    if isinstance(stopped, Throttled):
        response.status_code, response["Retry-After"] = 429, str(stopped.retry_after)
    elif stopped is not None:
        response.status_code = 503
    return response


def _why_not(asked: SentCode | None) -> str:
    if asked is None:
        return _("This code has expired. Send another message and enter its code.")
    if asked.tries >= sent_code.MOST_TRIES:
        return _("Too many attempts with this code. Send another message and enter its code.")
    return _("Wrong code. Check the newest message and try again.")


def _progress(asked: SentCode | None) -> dict[str, Any]:
    """How far the message has come, and in how many seconds another can be asked for."""
    message = asked.text_message if asked else None
    return {
        "asked": asked,
        "seconds": sent_code.seconds_left(asked) if asked else 0,
        "undelivered": message is not None and message.state == TextMessage.State.FAILED,
    }


def _in_words(stopped: Exception | None) -> str:
    """Why no message is sent now; empty if one is."""
    if isinstance(stopped, BudgetSpent):
        return _("We can’t send text messages right now. Use another way, or try again tomorrow.")
    if not isinstance(stopped, Throttled):
        return ""
    if stopped.retry_after <= 60:
        return (
            ngettext(
                "Wait %d second before you send another message.",
                "Wait %d seconds before you send another message.",
                stopped.retry_after,
            )
            % stopped.retry_after
        )
    minutes = (stopped.retry_after + 59) // 60
    return (
        ngettext(
            "Too many messages. Wait %d minute before you send another.",
            "Too many messages. Wait %d minutes before you send another.",
            minutes,
        )
        % minutes
    )
