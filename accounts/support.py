"""Help from the operators, for a person who gets in neither by mailbox nor by second factor.

An operator opens a case: why, what was checked, whether the second factors go, and whether there is
a new address. The person is told at once, with a link that stops it. A new address waits for
``FACTOR_RECOVERY_DAYS``, and is told of every day. Where the site wants two operators, another one
approves. Then a link is mailed, by which the person does the rest (``support_link``). Signing in
properly stops it: then nothing was lost.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from ostiary import events, mail, operators, privacy
from ostiary.models import Event
from ostiary.notifications import addresses_of, language_of, notify

from . import links
from .addresses import email_of
from .conf import accounts_settings
from .models import MailedLink, SupportCase

READY_DAYS = 7
"""For so long after the waiting time a case can be finished."""
TOLD_EVERY = timedelta(days=1)
FINISH = MailedLink.Purpose.FINISH_SUPPORT_CASE
STOP = MailedLink.Purpose.STOP_SUPPORT_CASE
OPEN, APPROVE, CHANGE = "add_supportcase", "approve_supportcase", "change_supportcase"
"""What an operator needs to open a case, to approve one, and to send its link or stop it."""
WORDS = {
    False: _("The link sets a new password."),
    True: _("The link sets a new password and removes two-step verification and all passkeys."),
}
"""What the mailed link does, by whether it removes the second factors."""


# --- who may ------------------------------------------------------------------------------------


def may_help(operator: Any, person: Any, permission: str) -> bool:
    """Whether the operator may do this for the person."""
    return operators.may_act_on(operator, person, f"{SupportCase._meta.app_label}.{permission}")


def is_backed(case: SupportCase) -> bool:
    """Whether as many operators stand behind the case as the site wants, who all still may."""
    if not may_help(case.opened_by, case.user, OPEN):
        return False
    return not operators.takes_two() or (
        case.approved_by_id != case.opened_by_id and may_help(case.approved_by, case.user, APPROVE)
    )


def _require(operator: Any, person: Any, permission: str) -> None:
    if not may_help(operator, person, permission):
        raise PermissionDenied


# --- what is open -------------------------------------------------------------------------------


def _open() -> QuerySet[SupportCase]:
    found = SupportCase.objects.filter(state=SupportCase.State.OPEN, expires_at__gt=timezone.now())
    return found.select_related("user", "opened_by", "approved_by")


def open_cases(user: Any) -> QuerySet[SupportCase]:
    """The open case of the person, if there is one, with the operators as they are now."""
    return _open().filter(user=user)


def of(user: Any) -> SupportCase | None:
    """The same, looked up."""
    return open_cases(user).first()


def lock(user_id: Any) -> Any:
    """The person, locked: before their case and its links, here as everywhere."""
    return get_user_model()._default_manager.select_for_update().get(pk=user_id)


def close(case: SupportCase, state: str) -> bool:
    """Let the case be open no more, with all its links; whether it still was."""
    done = SupportCase.objects.filter(pk=case.pk, state=SupportCase.State.OPEN).update(state=state)
    if done:
        MailedLink.objects.filter(user=case.user_id, purpose__in=[FINISH, STOP]).delete()
    return bool(done)


def note(
    kind: str,
    case: SupportCase,
    *,
    request: HttpRequest | None = None,
    operator: Any = None,
    outcome: str = "success",
    personal: dict[str, Any] | None = None,
    **details: Any,
) -> None:
    """Write a step of the case to the log. An operator's address is no business of the person."""
    if operator is not None:
        details["operator"] = privacy.pseudonym_of(operator)
    events.record(
        f"support_case.{kind}",
        user=case.user,
        request=request,
        outcome=outcome,
        details={"case": str(case.pk), **details},
        personal=personal,
    )


def steps(case: SupportCase) -> list[Event]:
    """What has happened in the case, oldest first."""
    kinds = [f"support_case.{kind}" for kind in KINDS]
    told = events.of(case.user).filter(kind__in=kinds, at__gte=case.opened_at)
    return [each for each in told if each.details.get("case") == str(case.pk)]


KINDS = {
    "opened": _("An administrator started a recovery of the account"),
    "approved": _("A second administrator approved the recovery of the account"),
    "link_sent": _("A link to recover the account was sent by email"),
    "stopped": _("The recovery by an administrator was stopped"),
    "expired": _("The recovery by an administrator expired"),
    "refused": _("A recovery was refused: its administrator no longer has the permission"),
    "finished": _("The account was recovered with the help of an administrator"),
}
"""What can happen in a case, each in words that the person understands."""


# --- what operators do --------------------------------------------------------------------------


def open_case(
    operator: Any,
    person: Any,
    *,
    reason: str,
    checked: str,
    resets_factors: bool,
    email: str = "",
) -> SupportCase | None:
    """Open a case, and tell the person; ``None`` if there is an open one already.

    ``email`` is a new address, shown to be theirs by the link that goes there. Raises
    ``PermissionDenied``.
    """
    _require(operator, person, OPEN)
    now = timezone.now()
    days = max(1, accounts_settings.FACTOR_RECOVERY_DAYS) if email else 0
    ready = now + timedelta(days=days)
    case = SupportCase(
        user=person,
        opened_by=operator,
        resets_factors=resets_factors,
        email=email,
        opened_at=now,
        told_at=now,
        ready_at=ready,
        expires_at=ready + timedelta(days=READY_DAYS),
    )
    with transaction.atomic():
        lock(person.pk)
        expire(SupportCase.objects.filter(user=person))
        try:
            with transaction.atomic():
                case.save(force_insert=True)
        except IntegrityError:
            return None
        personal = {"reason": reason, "checked": checked, "email": email}
        note("opened", case, operator=operator, personal=personal, resets_factors=resets_factors)
        _tell(case)
        if email:
            context = {"date": _date(case), "resets_factors": resets_factors}
            mail.send_email(
                email,
                "ostiary_accounts/mail/support_waiting",
                context,
                language=language_of(person),
            )
        _send_first_link(case)
    return case


def approve(operator: Any, case: SupportCase) -> bool:
    """Stand behind what another operator opened; ``False`` if it is over, or somebody does already.

    One conditional UPDATE takes it: of two who approve at once, one did. Raises
    ``PermissionDenied``.
    """
    _require(operator, case.user, APPROVE)
    with transaction.atomic():
        lock(case.user_id)
        wanting = _open().filter(pk=case.pk, approved_by=None, opened_by__isnull=False)
        others = wanting.exclude(opened_by=operator).exclude(user=operator)
        if not others.update(approved_by=operator, approved_at=timezone.now()):
            return False
        note("approved", case, operator=operator)
        _tell(case)
        _send_first_link(case)
    return True


def send_link(case: SupportCase, operator: Any = None) -> bool:
    """Mail the link by which the person does the rest; an earlier one is dead.

    ``False`` while it waits for its time or for approval, and when it is over. Raises
    ``PermissionDenied`` for an operator who may not; without one it is the site itself.
    """
    if operator is not None:
        _require(operator, case.user, CHANGE)
    with transaction.atomic():
        user = lock(case.user_id)
        found = of(user)
        if found is None or found.pk != case.pk or not found.is_ready or not is_backed(found):
            return False
        to = found.email or next(iter(addresses_of(user)), "")
        if not to or not user.is_active:
            return False
        MailedLink.objects.filter(user=user, purpose=FINISH).delete()
        token = links.make(user, FINISH, email=to)
        context = {
            "link": links.link_to("ostiary_accounts:support", token),
            "resets_factors": found.resets_factors,
            "is_new": bool(found.email),
        }
        mail.send_email(
            to,
            "ostiary_accounts/mail/support_link",
            context,
            language=language_of(user),
            urgent=True,
        )
        SupportCase.objects.filter(pk=found.pk).update(link_sent_at=timezone.now())
        note("link_sent", found, operator=operator)
    return True


def _send_first_link(case: SupportCase) -> None:
    if case.is_ready:
        send_link(case)


# --- what stops it ------------------------------------------------------------------------------


def stop(user: Any, by: str, *, request: HttpRequest | None = None, operator: Any = None) -> bool:
    """Stop the person's open case; whether there was one.

    ``by`` says for the log who or what did it: ``person``, ``operator``, ``signin`` and the like.
    Raises ``PermissionDenied`` for an operator who may not.
    """
    if operator is not None:
        _require(operator, user, CHANGE)
    with transaction.atomic():
        if of(user) is None:
            return False
        lock(user.pk)
        case = of(user)
        if case is None or not close(case, SupportCase.State.STOPPED):
            return False
        note("stopped", case, request=request, operator=operator, by=by)
        notify(user, "support_stopped", request=request, also=_also(user))
    return True


def stop_by(request: HttpRequest, link: MailedLink) -> bool:
    """The same by a mailed link; ``False`` if there was nothing to stop any more."""
    with transaction.atomic():
        user = links.use(link)
        return user is not None and stop(user, "person", request=request)


def signed_in(request: HttpRequest, user: Any, *, with_two_factors: bool) -> None:
    """Stop what was for somebody who can't get in, now that they have.

    A password alone does not show that a second factor is there; and who asked for no more than a
    link may well have signed in by it.
    """
    case = of(user)
    if case is not None and (with_two_factors if case.resets_factors else bool(case.email)):
        stop(user, "signin", request=request)


def expire(cases: QuerySet[SupportCase]) -> int:
    """Close those whose time is over; returns how many."""
    past = cases.filter(state=SupportCase.State.OPEN, expires_at__lte=timezone.now())
    closed = 0
    for case in past.select_related("user"):
        with transaction.atomic():
            lock(case.user_id)
            if close(case, SupportCase.State.EXPIRED):
                note("expired", case)
                notify(case.user, "support_stopped", also=_also(case.user))
                closed += 1
    return closed


# --- what the person is told --------------------------------------------------------------------


def _also(user: Any) -> list[str]:
    """The address that may not be verified: whoever reads it has to hear of this."""
    return [address] if (address := email_of(user)) else []


def _date(case: SupportCase) -> str:
    moment: datetime = timezone.localtime(case.ready_at)
    with translation.override(language_of(case.user)):
        return date_format(moment, "DATETIME_FORMAT")


def _tell(case: SupportCase) -> None:
    """Tell every address what will be possible from when on, with a new link that stops it."""
    lifetime = case.expires_at - timezone.now()
    token = links.make(case.user, STOP, lifetime=lifetime, dies_with_credentials=False)
    context = {
        "date": _date(case),
        "address": case.email or email_of(case.user),
        "what": WORDS[case.resets_factors],
        "link": links.link_to("ostiary_accounts:support_stop", token),
    }
    notify(case.user, "support_started", context, also=_also(case.user))


# --- what is done by the worker -----------------------------------------------------------------


def go_on(most: int = 1000) -> int:
    """Mail the links whose time has come, and tell people every day of a new address that waits."""
    now = timezone.now()
    due = _open().filter(ready_at__lte=now, link_sent_at=None).order_by("ready_at")
    done = sum(send_link(case) for case in due[:most])
    to_tell = _open().filter(told_at__lte=now - TOLD_EVERY).exclude(email="")
    for case in to_tell.order_by("told_at")[:most]:
        with transaction.atomic():
            lock(case.user_id)
            mine = _open().filter(pk=case.pk, told_at=case.told_at)
            if mine.update(told_at=now):
                _tell(case)
                done += 1
    return done
