"""The mailed link of a case of the operators: by it the person does what they were helped to."""

from __future__ import annotations

from typing import Any

from django.db import IntegrityError, transaction
from django.http import HttpRequest

from ostiary import factors, sessions
from ostiary.notifications import notify
from ostiary.signals import password_changed

from . import email_change, factor_recovery, links, recovery, support
from .addresses import email_of, is_of_another
from .email_change import Outcome
from .models import MailedLink, RecoveryToken, SupportCase


def pending(hashed_token: str) -> tuple[MailedLink, SupportCase] | None:
    """The link of this token and its case, unless either is over."""
    found = links.find(hashed_token, support.FINISH)
    case = support.of(found.user) if found else None
    return (found, case) if found and case else None


def finish(request: HttpRequest, link: MailedLink, password: str) -> Outcome:
    """Set a new password, and do what the case says; every session of the person ends.

    Whether its operators still may is looked at once more, at this moment.
    """
    try:
        with transaction.atomic():
            user = links.use(link)
            case = support.of(user) if user is not None else None
            if case is None or not case.is_ready:
                return Outcome.DEAD
            if not support.is_backed(case):
                support.note("refused", case, request=request, outcome="failure")
                return Outcome.DEAD
            if case.email and is_of_another(case.email, user):
                return Outcome.TAKEN
            support.close(case, SupportCase.State.FINISHED)
            _recover(request, user, case, password)
    except IntegrityError:  # the address was given to another at this very moment
        return Outcome.TAKEN
    return Outcome.DONE


def _recover(request: HttpRequest, user: Any, case: SupportCase, password: str) -> None:
    before = email_of(user)
    lost: list[str] = []
    recovery.new_password(user, password)
    user.save(update_fields=["password"])
    RecoveryToken.objects.filter(user=user).delete()
    if case.resets_factors:
        factor_recovery.forget(user)
        lost = factors.reset(user)
    if case.email:
        email_change.replace(request, user, case.email)
    ended = sessions.end_all(user, "support")
    password_changed.send(type(user), user=user, request=request)
    support.note("finished", case, request=request, personal={"factors": lost}, sessions=ended)
    told = {"address": email_of(user), "what": support.WORDS[case.resets_factors]}
    notify(user, "support_finished", told, request=request, also=[before] if before else [])
