"""A step of the sign-in: what looks unusual, and was shown by one factor, is confirmed by mail.

Who has a second factor shows that instead: its step comes before this one, which then asks for
nothing. A mailed code is no second factor either (``amr`` says ``email``, and the level stays): it
only shows that whoever has the password reads the mail too.
"""

from __future__ import annotations

import secrets
from typing import Any

from django.db import transaction
from django.http import HttpRequest
from django.urls import reverse

from ostiary import assurance, events, mail
from ostiary.client_address import client_ip
from ostiary.device import describe
from ostiary.notifications import addresses_of, language_of
from ostiary.places import in_words
from ostiary.risk import Decision
from ostiary.signin import PendingSignIn
from ostiary.throttling import Throttled, throttle

from . import codes

SESSION_KEY = "ostiary.confirm_by_mail"
PURPOSE = "confirm_signin"
AMR = "email"


class ConfirmByMail:
    """For ``OSTIARY["SIGNIN_STEPS"]``, after the steps of second factors."""

    name = "confirm-by-mail"

    def is_required(self, request: HttpRequest, user: Any, pending: PendingSignIn) -> bool:
        """Whether policy wants it confirmed, one factor was shown, and there is a mailbox to ask.

        The mailbox itself may have been that factor.
        """
        return (
            pending.assessment.decision is Decision.STEP_UP
            and assurance.level_of(pending.amr) is assurance.Level.AAL1
            and AMR not in pending.amr
            and bool(addresses_of(user))
        )

    def url(self, request: HttpRequest) -> str:
        """The page of the step."""
        return reverse("ostiary_accounts:confirm_signin")


def was_sent(request: HttpRequest, pending: PendingSignIn) -> bool:
    """Whether a code for this very sign-in is under way."""
    found = request.session.get(SESSION_KEY)
    return bool(found and found["started_at"] == pending.started_at)


def send(request: HttpRequest, user: Any, pending: PendingSignIn) -> None:
    """Mail a code, which takes the place of one before. Raises ``Throttled``."""
    throttle("signin_confirm_mail", user=str(user.pk))
    name, code = secrets.token_urlsafe(16), codes.new_code()
    with transaction.atomic():
        for address in addresses_of(user):
            mail.send_email(
                address,
                "ostiary_accounts/mail/confirm_signin",
                {
                    "code": codes.in_words(code),
                    "device": describe(request.META.get("HTTP_USER_AGENT", "")),
                    "where": in_words(client_ip(request)),
                },
                language=language_of(user),
                urgent=True,
            )
        events.record("signin.code_sent", user=user, request=request)
    request.session[SESSION_KEY] = {
        "name": name,
        "hash": codes.code_hash(PURPOSE, name, code),
        "started_at": pending.started_at,
    }


def try_code(request: HttpRequest, typed: str) -> bool | None:
    """Whether it is the code that was mailed; ``None`` if that was tried too often, or is none.

    A try is spent before the look, so that parallel ones spend one each (SECURITY C2).
    """
    found = request.session.get(SESSION_KEY)
    if not found:
        return None
    try:
        throttle("signin_confirm", client=found["name"])
    except Throttled:
        return None
    return codes.is_right(found["hash"], PURPOSE, found["name"], typed)


def forget(request: HttpRequest) -> None:
    """The code is used up."""
    request.session.pop(SESSION_KEY, None)
