"""Telling people that their address gets no mail, and letting them confirm it again."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ostiary import bidi, events, mail_standing
from ostiary.email_addresses import for_people
from ostiary.models import MailMark

from .addresses import email_of, set_email

State = MailMark.State

WORDS = {
    State.BOUNCED: gettext_lazy("Our email to %(address)s was returned."),
    State.COMPLAINED: gettext_lazy(
        "An email that we sent to %(address)s was reported as spam, so we send less there."
    ),
}


def words(user: Any, mark: str) -> str:
    """What happened, in one sentence."""
    return str(WORDS[State(mark)]) % {"address": bidi.ltr(for_people(email_of(user)))}


def tell(request: HttpRequest, user: Any, mark: str) -> None:
    """Show it on the next page that the person sees after their sign-in."""
    text = format_html(
        '{} <a href="{}">{}</a>',
        words(user, mark),
        reverse("ostiary_accounts:email"),
        _("Change or confirm your email address"),
    )
    messages.warning(request, text, fail_silently=True)


def confirmed_again(request: HttpRequest, user: Any) -> None:
    """Who opened a link that was mailed to the present address reads what goes there. To be called
    in a transaction."""
    user.save(update_fields=set_email(user, email_of(user)))
    mail_standing.clear(user, request=request)
    events.record("email.confirmed_again", user=user, request=request)


def note(user: Any) -> dict[str, str] | None:
    """What the pages of the account say of it, ``None`` for an address that is good."""
    mark = mail_standing.mark_of(user)
    return {"words": words(user, mark)} if mark else None
