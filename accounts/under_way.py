"""What is under way with an account that people are told of on every page of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from ostiary import bidi, erasure, retention, under_way
from ostiary.email_addresses import for_people
from ostiary.under_way import UnderWay, Watch

from . import email_change, factor_recovery, support
from .addresses import email_of


def _date(moment: datetime) -> str:
    return date_format(timezone.localtime(moment), "DATETIME_FORMAT")


def _address(email: str) -> str:
    return bidi.ltr(for_people(email))


def _erasure(user: Any) -> UnderWay | None:
    asked = erasure.of(user)
    if asked is None:
        return None
    if asked.state != asked.State.WAITING:
        return UnderWay(_("Your account is being deleted."))
    stop = (_("Keep my account"), reverse("ostiary_accounts:erasure_keep_here"))
    held = any(each.holds for each in retention.told_to(user))
    if held or asked.due_at <= timezone.now():
        title = _("Your account is scheduled for deletion.")
        return UnderWay(title, _("You can still keep it."), *stop)
    title = _("Your account will be deleted on %(date)s.") % {"date": _date(asked.due_at)}
    return UnderWay(title, _("Until then, you can keep it."), *stop)


def _recovery(user: Any) -> UnderWay | None:
    begun = factor_recovery.of(user)
    if begun is None:
        return None
    text = _("From %(date)s, two-step verification can be removed. If this isn’t you, stop it now.")
    return UnderWay(
        _("Someone is recovering your account."),
        text % {"date": _date(begun.ready_at)},
        _("Stop the recovery"),
        reverse("ostiary_accounts:factor_recovery_stop_here"),
    )


def _support(user: Any) -> UnderWay | None:
    case = support.of(user)
    if case is None:
        return None
    told = {"date": _date(case.ready_at), "address": _address(case.email or email_of(user))}
    text = _("From %(date)s, an administrator can email a link to %(address)s.") % told
    return UnderWay(
        _("Someone asked an administrator to recover your account."),
        f"{text} {support.WORDS[case.resets_factors]}",
        _("Stop the recovery"),
        reverse("ostiary_accounts:support_stop_here"),
    )


def _email(user: Any) -> UnderWay | None:
    waiting = email_change.waiting(user)
    if waiting is None or waiting.email == email_of(user):
        return None
    told = {"address": _address(waiting.email)}
    return UnderWay(
        _("Your email address will change to %(address)s.") % told,
        _("To finish, open the link that we sent there."),
        _("Cancel the change"),
        reverse("ostiary_accounts:email_cancel"),
    )


def register() -> None:
    """Called once, when the app is ready. What can't be put right afterwards stands first."""
    under_way.register("erasure", Watch(erasure.under_way, _erasure, order=10))
    under_way.register("recovery", Watch(factor_recovery.under_way, _recovery, order=20))
    under_way.register("support", Watch(support.open_cases, _support, order=30))
    under_way.register("email", Watch(email_change.changes, _email, order=40))
