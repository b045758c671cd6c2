"""What accounts logs, and tells people, when the ground floor tells it something."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.http import HttpRequest

from ostiary import assurance, events, known_device
from ostiary.models import Event, Session
from ostiary.notifications import notify
from ostiary.signals import session_ended, signin_completed

from . import factor_recovery


def _signed_in(sender: Any, request: HttpRequest, user: Any, session: Session, **_: Any) -> None:
    with transaction.atomic():
        if _is_new_device(request, user):
            notify(user, "new_device", request=request)
        events.record(
            "signin.succeeded",
            user=user,
            request=request,
            details={"amr": session.amr, "sid": str(session.pk)},
        )
        if assurance.level_of(session.amr) is not assurance.Level.AAL1:
            factor_recovery.stop(request, user)  # the second factor is not lost


def _is_new_device(request: HttpRequest, user: Any) -> bool:
    """Whether the person has signed in before, but not in this browser."""
    if known_device.name_for(request, str(user.get_username())):
        return False
    return Event.objects.filter(subject=str(user.pk), kind="signin.succeeded").exists()


def _session_ended(sender: Any, session: Session, reason: str, **_: Any) -> None:
    events.record(
        "session.ended",
        user=session.user,
        details={"sid": str(session.pk), "reason": reason},
    )


def connect() -> None:
    """Called once, when the app is ready."""
    signin_completed.connect(_signed_in, dispatch_uid="ostiary.accounts.signed_in")
    session_ended.connect(_session_ended, dispatch_uid="ostiary.accounts.session_ended")
