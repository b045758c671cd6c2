"""What the authorization server does when something happens elsewhere in the house."""

from __future__ import annotations

from typing import Any

from django.db.models import Q

from ostiary.models import Session
from ostiary.signals import session_ended, signed_out

from . import client_sessions, families, frontchannel_logout


def _end_what_hangs_on_it(sender: Any, session: Session, **_: Any) -> None:
    """Ending a session ends its refresh tokens, unless the person allowed offline access, and tells
    its clients (B13)."""
    families.revoke(Q(sid=session.pk, offline=False), "session_ended")
    client_sessions.end(Q(sid=session.pk))


def _frames(sender: Any, session: Session, **_: Any) -> list[str]:
    return frontchannel_logout.frames(session)


def connect() -> None:
    """Called once, when the app is ready."""
    session_ended.connect(_end_what_hangs_on_it, dispatch_uid="ostiary.oauth.session_ended")
    signed_out.connect(_frames, dispatch_uid="ostiary.oauth.signed_out")
