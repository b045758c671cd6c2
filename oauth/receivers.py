"""What the authorization server does when something happens elsewhere in the house."""

from __future__ import annotations

from typing import Any

from django.db.models import Q

from ostiary.models import Session
from ostiary.signals import session_ended

from . import families


def _end_tokens_of_session(sender: Any, session: Session, **_: Any) -> None:
    """Ending a session ends its refresh tokens, unless the person allowed offline access (B13)."""
    families.revoke(Q(sid=session.pk, offline=False), "session_ended")


def connect() -> None:
    """Called once, when the app is ready."""
    session_ended.connect(_end_tokens_of_session, dispatch_uid="ostiary.oauth.session_ended")
