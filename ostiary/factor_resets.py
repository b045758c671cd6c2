"""Operators remove second factors of a person who has lost them (SECURITY D4): the one rule, for
whichever app keeps them and whichever page asks.

Where the site wants two operators (``operators.takes_two``), what one asks for waits until another
approves it. Who may is looked at again at that moment, for both.
"""

from __future__ import annotations

from datetime import timedelta
from enum import Enum
from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from . import events, factors, privacy, sessions
from .models import FactorReset
from .notifications import notify
from .operators import may_act_on, takes_two

APPROVABLE_DAYS = 7
"""For so long another operator can approve it."""


class Outcome(Enum):
    """What came of asking."""

    DONE = "done"
    WAITS = "waits"
    NOTHING = "nothing"


def ask(operator: Any, person: Any, reason: str, *, permission: str, factor: str = "") -> Outcome:
    """Remove the factor of this key, or all, or have it wait for another operator.

    The person is told, with the reason, which the log keeps too. Raises ``PermissionDenied``.
    """
    if not may_act_on(operator, person, permission):
        raise PermissionDenied
    with transaction.atomic():
        _lock(person)
        wanted = _wanted(person, factor)
        if not wanted:
            return Outcome.NOTHING
        if not takes_two():
            _remove(person, factor, reason, {"operator": privacy.pseudonym_of(operator)})
            return Outcome.DONE
        now = timezone.now()
        FactorReset.objects.filter(user=person, factor=factor, expires_at__lte=now).delete()
        _, is_new = FactorReset.objects.get_or_create(
            user=person,
            factor=factor,
            defaults={
                "permission": permission,
                "reason": reason,
                "requested_by": operator,
                "requested_at": now,
                "expires_at": now + timedelta(days=APPROVABLE_DAYS),
            },
        )
        if is_new:
            _record("factor.reset_requested", person, operator, reason)
            notify(person, "factor_reset_requested", {"factor": wanted, "reason": reason})
    return Outcome.WAITS


def waiting(person: Any = None) -> QuerySet[FactorReset]:
    """What can be approved now, of this person or of everybody."""
    live = FactorReset.objects.filter(expires_at__gt=timezone.now())
    live = live.select_related("user", "requested_by")
    return live if person is None else live.filter(user=person)


def may_approve(operator: Any, asked: FactorReset) -> bool:
    """Whether this operator may stand behind it: another one than who asked."""
    return operator.pk != asked.requested_by_id and may_stop(operator, asked)


def may_stop(operator: Any, asked: FactorReset) -> bool:
    """Whether this operator may call it off: anyone who could have asked for it."""
    return may_act_on(operator, asked.user, asked.permission)


def approve(operator: Any, pk: Any) -> bool:
    """Carry out what another operator asked for; ``False`` if it is over, or who asked may do so
    no more.

    One DELETE consumes it: of two who approve at once, one did. Raises ``PermissionDenied``.
    """
    with transaction.atomic():
        asked = _locked(pk)
        if asked is None:
            return False
        if not may_approve(operator, asked):
            raise PermissionDenied
        person, first = asked.user, asked.requested_by
        if not FactorReset.objects.filter(pk=asked.pk).delete()[0]:
            return False
        if not may_act_on(first, person, asked.permission):
            _record("factor.reset_refused", person, operator, asked.reason, outcome="failure")
            return False
        details = {
            "operator": privacy.pseudonym_of(first),
            "approved_by": privacy.pseudonym_of(operator),
        }
        return _remove(person, asked.factor, asked.reason, details)


def stop(operator: Any, pk: Any) -> bool:
    """Call it off; ``False`` if it is over. Raises ``PermissionDenied``."""
    with transaction.atomic():
        asked = _locked(pk)
        if asked is None:
            return False
        if not may_stop(operator, asked):
            raise PermissionDenied
        if not FactorReset.objects.filter(pk=asked.pk).delete()[0]:
            return False
        _record("factor.reset_stopped", asked.user, operator, asked.reason)
        notify(asked.user, "factor_reset_stopped")
    return True


def named(asked: FactorReset) -> str:
    """What it would remove, as it is now: empty if that is gone."""
    return _wanted(asked.user, asked.factor)


def _wanted(person: Any, factor: str) -> str:
    if factor:
        return ", ".join(str(each) for each in factors.each_of(person) if each.key == factor)
    return ", ".join(factors.factors_of(person))


def _remove(person: Any, factor: str, reason: str, details: dict[str, Any]) -> bool:
    """In the caller's transaction; ``False`` if there was nothing any more."""
    event = "factor.reset"
    if factor:
        found = next((each for each in factors.each_of(person) if each.key == factor), None)
        if found is None or not factors.take(person, found):
            return False
        event, lost = found.event, [str(found)]
    else:
        lost = factors.reset(person)
        if not lost:
            return False
    # What waits for the same is of no use any more.
    left = {each.key for each in factors.each_of(person)}
    FactorReset.objects.filter(user=person).exclude(factor__in=["", *left]).delete()
    if not left:
        FactorReset.objects.filter(user=person).delete()
    sessions.end_all(person, "factor_reset")
    events.record(event, user=person, details=details, personal={"factors": lost, "reason": reason})
    notify(person, "factor_reset", {"factor": ", ".join(lost), "reason": reason})
    return True


def _lock(person: Any) -> None:
    get_user_model()._base_manager.select_for_update().get(pk=person.pk)


def _locked(pk: Any) -> FactorReset | None:
    """What waits, its person locked first, here as in asking."""
    found = waiting().filter(pk=pk).first()
    if found is None:
        return None
    _lock(found.user)
    return waiting().filter(pk=pk).first()


def _record(
    kind: str, person: Any, operator: Any, reason: str, *, outcome: str = "success"
) -> None:
    events.record(
        kind,
        user=person,
        outcome=outcome,
        details={"operator": privacy.pseudonym_of(operator)},
        personal={"reason": reason},
    )
