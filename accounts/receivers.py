"""What accounts writes into the security log when the ground floor tells it something."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from ostiary import events
from ostiary.models import Session
from ostiary.signals import session_ended, signin_completed


def _signed_in(sender: Any, request: HttpRequest, user: Any, session: Session, **_: Any) -> None:
    events.record(
        "signin.succeeded",
        user=user,
        request=request,
        details={"amr": session.amr, "sid": str(session.pk)},
    )


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
