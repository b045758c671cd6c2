"""What accounts logs, and tells people, when the ground floor tells it something."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.db.models import Exists, QuerySet
from django.http import HttpRequest

from ostiary import assurance, events, facts, known_device, mail_standing
from ostiary.circumstances import has_signed_in_before
from ostiary.models import MailMark, Session
from ostiary.notifications import notify
from ostiary.risk import Assessment, Decision, rules, sentences
from ostiary.risk_rules import NewDevice
from ostiary.signals import session_ended, signin_completed

from . import confirm_by_mail, factor_recovery, support, unreachable
from .models import FactorRecovery

TO_BE_TOLD = "is_to_be_told"


def _signed_in(
    sender: Any, request: HttpRequest, user: Any, session: Session, risk: Assessment, **_: Any
) -> None:
    with transaction.atomic():
        _tell(request, user, risk)
        events.record(
            "signin.succeeded",
            user=user,
            request=request,
            details={"amr": session.amr, "risk": risk.told()},
            personal={"sid": str(session.pk)},
        )
        if not _is_to_be_told(user):
            return
        _about_mail(request, user, session.amr)
        with_two_factors = assurance.level_of(session.amr) is not assurance.Level.AAL1
        if with_two_factors:
            factor_recovery.stop(request, user)  # the second factor is not lost
        support.signed_in(request, user, with_two_factors=with_two_factors)


def _is_to_be_told(user: Any) -> bool:
    """Whether the person waits for a way back in, of either kind, or has an address that gets no
    mail (one statement at most)."""
    told = facts.told(user, TO_BE_TOLD)
    if told is not None:
        return told
    waiting = FactorRecovery.objects.filter(pk=user.pk).values("pk")
    marked = _marked().filter(pk=user.pk).values("pk")
    return waiting.union(support.open_cases(user).values("user"), marked).exists()


def _condition(person: Any) -> Any:
    """The same, for a statement that reads the person."""
    recovery = FactorRecovery.objects.filter(pk=person)
    cases = support.open_cases(person)
    return Exists(recovery) | Exists(cases) | Exists(_marked().filter(pk=person))


def _marked() -> QuerySet[MailMark]:
    return MailMark.objects.exclude(state=MailMark.State.NONE)


def _about_mail(request: HttpRequest, user: Any, amr: Iterable[str]) -> None:
    """Who signed in by what was mailed gets mail; anybody else is told that they don't."""
    if confirm_by_mail.AMR in amr:
        mail_standing.clear(user, request=request)
    elif mark := mail_standing.mark_of(user):
        unreachable.tell(request, user, mark)


def _tell(request: HttpRequest, user: Any, risk: Assessment) -> None:
    """Mail the person where policy wants it, and of a new device in any case (SECURITY C9)."""
    context = {"reasons": sentences(risk.reasons)}
    if _is_new_device(request, user, risk):
        notify(user, "new_device", context, request=request)
    elif risk.decision is not Decision.NOTHING:
        notify(user, "unusual_signin", context, request=request)


def _is_new_device(request: HttpRequest, user: Any, risk: Assessment) -> bool:
    """Whether the person has signed in before, but not in this browser."""
    if NewDevice.name in risk.reasons:
        return True
    known = known_device.name_for(request, str(user.get_username()))
    # Where the rule was asked it has looked already, and this is the very first sign-in.
    return not known and not _asks(NewDevice) and has_signed_in_before(user)


def _asks(rule: type) -> bool:
    return any(isinstance(each, rule) for each in rules())


def _session_ended(sender: Any, session: Session, reason: str, **_: Any) -> None:
    events.record(
        "session.ended",
        user=session.user,
        details={"reason": reason},
        personal={"sid": str(session.pk)},
    )


def connect() -> None:
    """Called once, when the app is ready."""
    facts.register(TO_BE_TOLD, _condition)
    signin_completed.connect(_signed_in, dispatch_uid="ostiary.accounts.signed_in")
    session_ended.connect(_session_ended, dispatch_uid="ostiary.accounts.session_ended")
