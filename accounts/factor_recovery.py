"""“I can't use my second step”: the way back in for those who lost it, which takes its time.

Whoever shows the password or the mailbox may begin it. Then nothing happens for
``FACTOR_RECOVERY_DAYS`` but that the person is told, at once and every day, with a link that stops
it. Afterwards a link to the mailbox, shown to be theirs once more, removes the lost factors; the
person signs in by what is left, and is asked to set up another. Signing in with the factor stops
it too: then nothing was lost.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.formats import date_format

from ostiary import events, factors, mail, outbox, sessions
from ostiary.notifications import language_of, notify

from . import links
from .addresses import email_of, find_user
from .conf import accounts_settings
from .models import FactorRecovery, MailedLink

READY_DAYS = 7
"""For so long after the waiting time a recovery can be finished."""
TOLD_EVERY = timedelta(days=1)
BEGIN = MailedLink.Purpose.BEGIN_FACTOR_RECOVERY
STOP = MailedLink.Purpose.STOP_FACTOR_RECOVERY
FINISH = MailedLink.Purpose.FINISH_FACTOR_RECOVERY


def is_offered() -> bool:
    """Whether there is anything to recover from, and the operator lets people do it."""
    return factors.are_kept() and accounts_settings.FACTOR_RECOVERY_DAYS > 0


def under_way(user: Any) -> QuerySet[FactorRecovery]:
    """The recovery that the person has begun, unless it is over; unread."""
    return FactorRecovery.objects.filter(pk=user.pk, expires_at__gt=timezone.now())


def of(user: Any) -> FactorRecovery | None:
    """The same, looked up."""
    return under_way(user).first()


def begin(request: HttpRequest, user: Any) -> FactorRecovery:
    """Start the waiting time, and tell the person; one that runs already goes on as it is."""
    with transaction.atomic():
        _lock(user)
        return _begin(request, user)


def begin_by(request: HttpRequest, link: MailedLink) -> FactorRecovery | None:
    """The same by a mailed link; ``None`` if it has died in the meantime."""
    with transaction.atomic():
        user = links.use(link)
        return _begin(request, user) if user is not None else None


def _lock(user: Any) -> None:
    get_user_model()._default_manager.select_for_update().get(pk=user.pk)


def _begin(request: HttpRequest, user: Any) -> FactorRecovery:
    if running := of(user):
        return running
    now = timezone.now()
    ready = now + timedelta(days=accounts_settings.FACTOR_RECOVERY_DAYS)
    begun, _ = FactorRecovery.objects.update_or_create(
        user=user,
        defaults={
            "begun_at": now,
            "ready_at": ready,
            "expires_at": ready + timedelta(days=READY_DAYS),
            "told_at": now,
        },
    )
    events.record("factor_recovery.begun", user=user, request=request)
    notify(user, "recovery_started", _told(begun), request=request)
    return begun


def _told(recovery: FactorRecovery) -> dict[str, str]:
    """The date from which it can be finished, and a new link that stops it."""
    return {"date": _date(recovery.user, recovery.ready_at), "link": _stop_link(recovery)}


def _date(user: Any, moment: datetime) -> str:
    with translation.override(language_of(user)):
        return date_format(timezone.localtime(moment), "DATETIME_FORMAT")


def _stop_link(recovery: FactorRecovery) -> str:
    token = links.make(
        recovery.user,
        STOP,
        lifetime=recovery.expires_at - timezone.now(),
        dies_with_credentials=False,
    )
    return links.link_to("ostiary_accounts:factor_recovery_stop", token)


def stop(request: HttpRequest, user: Any) -> bool:
    """Stop what was begun, with all its links; whether there was anything to stop."""
    waits = FactorRecovery.objects.filter(pk=user.pk)
    with transaction.atomic():
        if not waits.exists():
            return False
        _lock(user)
        deleted, _ = waits.delete()
        if deleted:
            _forget_links(user)
            events.record("factor_recovery.stopped", user=user, request=request)
            notify(user, "recovery_stopped", request=request)
    return bool(deleted)


def forget(user: Any) -> None:
    """Have no recovery wait that has become needless; nobody is told. The person is locked."""
    FactorRecovery.objects.filter(pk=user.pk).delete()
    _forget_links(user)


def stop_by(request: HttpRequest, link: MailedLink) -> bool:
    """The same by a mailed link; ``False`` if there was nothing to stop any more."""
    with transaction.atomic():
        user = links.use(link)
        return user is not None and stop(request, user)


def _forget_links(user: Any) -> None:
    MailedLink.objects.filter(user=user, purpose__in=[BEGIN, STOP, FINISH]).delete()


def finish(request: HttpRequest, link: MailedLink) -> bool:
    """Remove the lost factors; ``False`` if it was stopped, finished or ran out meanwhile.

    Every session ends: whoever is signed in shows again who they are, by what is left.
    """
    now = timezone.now()
    with transaction.atomic():
        user = links.use(link)
        if user is None:
            return False
        due = FactorRecovery.objects.filter(pk=user.pk, ready_at__lte=now, expires_at__gt=now)
        deleted, _ = due.delete()
        if not deleted:
            return False
        _forget_links(user)
        lost = factors.reset(user)
        sessions.end_all(user, "factor_recovery")
        events.record(
            "factor_recovery.finished", user=user, request=request, personal={"factors": lost}
        )
        security = mail.absolute_url(reverse("ostiary_accounts:security"))
        notify(user, "recovery_finished", {"link": security}, request=request)
    return True


# --- what is done by the worker -----------------------------------------------------------------


def request_link(request: HttpRequest, email: str) -> None:
    """Have the next link mailed, if the address has an account with a second factor.

    Whether it has is first looked at by a worker, so that the answer tells nothing (C1).
    """
    with transaction.atomic():
        events.record("factor_recovery.requested", request=request, personal={"email": email})
        outbox.enqueue(
            "accounts.factor_recovery_link",
            {"email": email, "language": translation.get_language() or ""},
        )


@outbox.handler("accounts.factor_recovery_link", queue=outbox.Queue.URGENT)
def mail_link(payload: dict[str, Any], key: str) -> None:
    """Mail the link that begins the recovery, stops it, or finishes it: whichever comes next."""
    user = find_user(payload["email"])
    if user is None or not user.is_active or not factors.factors_of(user):
        return
    with transaction.atomic():
        _lock(user)
        recovery = of(user)
        context: dict[str, str] = {}
        if recovery is None:
            message, purpose = "factor_recovery_begin", BEGIN
        elif recovery.is_ready:
            message, purpose = "factor_recovery_finish", FINISH
        else:
            message, context = "factor_recovery_waiting", _told(recovery)
        if not context:
            MailedLink.objects.filter(user=user, purpose=purpose).delete()
            token = links.make(user, purpose)
            context = {"link": links.link_to("ostiary_accounts:factor_recovery_go_on", token)}
        mail.send_email(
            email_of(user),
            f"ostiary_accounts/mail/{message}",
            context,
            language=payload["language"],
            urgent=True,
        )


def tell_those_who_wait(most: int = 1000) -> int:
    """Tell people every day of the recovery that waits, and at once when it can be finished."""
    now = timezone.now()
    due = FactorRecovery.objects.filter(
        Q(told_at__lte=now - TOLD_EVERY) | Q(ready_at__lte=now, told_at__lt=F("ready_at")),
        expires_at__gt=now,
    )
    told = 0
    for recovery in due.select_related("user").order_by("told_at")[:most]:
        with transaction.atomic():
            _lock(recovery.user)
            mine = FactorRecovery.objects.filter(pk=recovery.pk, told_at=recovery.told_at)
            if not mine.update(told_at=now) or not recovery.user.is_active:
                continue
            kind = "recovery_ready" if recovery.is_ready else "recovery_started"
            notify(recovery.user, kind, _told(recovery))
        told += 1
    return told
