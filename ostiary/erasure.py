"""Erasure of a person (GDPR article 17): asked for, waited for, carried out, and proved.

After a time in which it can be called off, every app's eraser is called, in the order that it
declared. Each step is one transaction with the row that says that it is done: whenever a worker is
killed, what it was at never was, and the next one goes on from there. So it ends complete, and
each step is done once. What is left is a tombstone, a log that tells of nobody, and a receipt.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import F, Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.module_loading import import_string

from . import erasure_steps, events, outbox, privacy, retention, scrubbing
from .conf import ostiary_settings
from .later import Later
from .models import Erasure, ErasureStep
from .notifications import language_of, notify
from .regions import asking, configured

__all__ = ["Later"]

log = logging.getLogger(__name__)

HOLD_PAUSE = timedelta(minutes=10)
"""So often it is looked whether a legal hold is lifted."""

LEASE = timedelta(minutes=5)
"""For so long after its last step a worker that was killed keeps others from going on."""
State, By = Erasure.State, Erasure.By

CancelLink = Callable[[Any], str]
"""Where the person of an erasure that waits can call it off, by a link that says who they are."""

_cancel_link: CancelLink | None = None


def use_cancel_link(make: CancelLink) -> None:
    """Have ``make`` asked for the link "Keep my account" of the message."""
    global _cancel_link
    _cancel_link = make


def steps() -> dict[str, erasure_steps.Do]:
    """Every step by its name, in order: what closes the account, the erasers of the apps, and what
    is left."""
    return {
        **erasure_steps.BEFORE,
        **{name: _eraser(path) for name, path in privacy.named_erasers()},
        **erasure_steps.AFTER,
        **(asking.STEPS if configured.others() else {}),
        **erasure_steps.LAST,
    }


def _eraser(path: str) -> erasure_steps.Do:
    def erase(erasure: Erasure, user: Any) -> dict[str, Any] | None:
        if user is None:
            return None
        erased: dict[str, Any] | None = import_string(path)(user)
        return erased

    return erase


# --- asking for it, and calling it off ----------------------------------------------------------


def under_way(user: Any) -> QuerySet[Erasure]:
    """The person's erasure that waits or is being carried out, unread."""
    return Erasure.objects.filter(subject=str(user.pk), state__in=[State.WAITING, State.RUNNING])


def of(user: Any) -> Erasure | None:
    """The same, looked up."""
    return under_way(user).first()


def request(
    user: Any,
    *,
    by: str = By.PERSON,
    reason: str = "",
    operator: Any = None,
    grace: timedelta | None = None,
    http_request: HttpRequest | None = None,
) -> Erasure:
    """Ask for the person's erasure after ``grace`` (default ``ERASURE_GRACE_DAYS``), and tell them.

    One that is under way already goes on as it is.
    """
    now = timezone.now()
    wait = timedelta(days=ostiary_settings.ERASURE_GRACE_DAYS) if grace is None else grace
    try:
        with transaction.atomic():
            asked = Erasure(
                subject=str(user.pk),
                requested_by=by,
                operator=privacy.pseudonym_of(operator) if operator is not None else "",
                reason=reason or None,
                emails=json.dumps(erasure_steps.addresses_now(user)),
                language=language_of(user),
                home_region=configured.home_of(user),
                requested_at=now,
                due_at=now + wait,
            )
            asked.save(force_insert=True)
            events.record(
                "erasure.requested",
                user=user,
                request=http_request,
                details={"by": by, **({"operator": asked.operator} if asked.operator else {})},
                personal={"reason": reason} if reason else None,
            )
            if wait:
                told = {"date": date_format(timezone.localtime(asked.due_at), "DATETIME_FORMAT")}
                link = _cancel_link(user) if _cancel_link else ""
                notify(user, "erasure_requested", {**told, "link": link}, request=http_request)
    except IntegrityError:
        running = of(user)
        if running is None:
            raise
        return running
    return asked


def cancel(user: Any, *, operator: Any = None, http_request: HttpRequest | None = None) -> bool:
    """Call off what waits; ``False`` if nothing does, or it has begun."""
    with transaction.atomic():
        stopped = Erasure.objects.filter(subject=str(user.pk), state=State.WAITING).update(
            state=State.CANCELLED,
            subject=None,
            reason=None,
            emails=None,
            finished_at=timezone.now(),
        )
        if stopped:
            who = {"operator": privacy.pseudonym_of(operator)} if operator is not None else {}
            events.record("erasure.cancelled", user=user, request=http_request, details=who)
            notify(user, "erasure_cancelled", request=http_request)
    return bool(stopped)


def hasten(asked: Erasure) -> Erasure:
    """Make an erasure that waits, or is to be tried again later, due now."""
    now = timezone.now()
    waits = Erasure.objects.filter(pk=asked.pk, state__in=[State.WAITING, State.RUNNING])
    waits.filter(due_at__gt=now).update(due_at=now)
    asking.hasten(asked)
    asked.refresh_from_db()
    return asked


# --- carrying it out ----------------------------------------------------------------------------


def run_due(limit: int = 100) -> int:
    """Carry out what is due, oldest first; returns how many were finished."""
    now = timezone.now()
    due = Erasure.objects.filter(
        Q(leased_until__isnull=True) | Q(leased_until__lt=now),
        state__in=[State.WAITING, State.RUNNING],
        due_at__lte=now,
    )
    finished = 0
    for key in list(due.order_by("due_at").values_list("pk", flat=True)[:limit]):
        finished += run(key)
    return finished


def run(key: Any) -> bool:
    """Carry out one erasure, from where it stands; whether it is finished now.

    Nothing is done to one that isn't due, is over, is held by another worker, or by the law. A step
    that fails is tried again later, for ever: what was promised is not given up.
    """
    if _is_held(key) or not _claim(key):
        return False
    erasure = Erasure.objects.get(pk=key)
    done = set(ErasureStep.objects.filter(erasure=erasure).values_list("name", flat=True))
    for name, do in steps().items():
        if name in done:
            continue
        try:
            done_here = _do(erasure, name, do)
        except Exception as error:
            _put_off(erasure, name, error)
            return False
        if not done_here:
            return False
    scrubbing.empty_wal()
    return True


def _is_held(key: Any) -> bool:
    """Whether a legal hold keeps one from beginning; then it is looked at again later.

    A rule that fails holds too: what is to be kept is not erased by a mistake. What has begun goes
    on: half an account is no evidence.
    """
    due = Erasure.objects.filter(pk=key, state=State.WAITING, due_at__lte=timezone.now())
    waiting = due.first()
    user = _found(waiting) if waiting else None
    if user is None:
        return False
    try:
        reasons = [str(hold.why) for hold in retention.holds_on(user)]
    except Exception as error:
        log.exception("A rule of RETENTION_RULES failed")
        reasons = [type(error).__name__]
    if reasons:
        held = f"Held: {' '.join(reasons)}"[:300]
        due.update(due_at=timezone.now() + HOLD_PAUSE, last_error=held)
    return bool(reasons)


def _claim(key: Any) -> bool:
    now = timezone.now()
    free = Q(leased_until__isnull=True) | Q(leased_until__lt=now)
    held = {"attempts": F("attempts") + 1, "leased_until": now + LEASE, "state": State.RUNNING}
    due = Erasure.objects.filter(free, pk=key, due_at__lte=now)
    begun = due.filter(state=State.WAITING).update(**held, started_at=now)
    return bool(begun or due.filter(state=State.RUNNING).update(**held))


def _do(erasure: Erasure, name: str, do: erasure_steps.Do) -> bool:
    """Do the step, whole or not at all; ``False`` if another worker has been at it meanwhile."""
    with transaction.atomic():
        # The row first: who comes second to the same step waits here, and finds it done.
        row = ErasureStep(erasure=erasure, name=name)
        try:
            with transaction.atomic():
                row.save(force_insert=True)
        except IntegrityError:
            return False
        row.erased = do(erasure, _person(erasure)) or {}
        row.save(update_fields=["erased"])
        Erasure.objects.filter(pk=erasure.pk, state=State.RUNNING).update(
            leased_until=timezone.now() + LEASE
        )
    return True


def _person(erasure: Erasure) -> Any:
    return _found(erasure, get_user_model()._default_manager.select_for_update())


def _found(erasure: Erasure, people: Any = None) -> Any:
    if erasure.subject is None:
        return None
    model = get_user_model()
    try:
        key = model._meta.pk.to_python(erasure.subject)
    except ValidationError:  # the id of somebody in another region, or of nobody
        return None
    # Not ``people or …``: whether a query is true is found out by reading, and locking, everybody.
    every = model._default_manager if people is None else people
    return every.filter(pk=key).first()


def _put_off(erasure: Erasure, name: str, error: Exception) -> None:
    """Try again later: soon, and then in growing steps up to an hour."""
    waits = isinstance(error, Later)
    reason = str(error) if waits else f"{name}: {type(error).__name__}"
    running = Erasure.objects.filter(pk=erasure.pk, state=State.RUNNING)
    running.update(
        due_at=timezone.now() + outbox.retry_delay(min(erasure.attempts, 10)),
        leased_until=None,
        last_error=reason[:300],
    )
    if isinstance(error, Later):
        if error.has_come():
            running.update(due_at=timezone.now())
    else:
        log.error("Erasure %s is tried again after %s", erasure.pk, reason)
