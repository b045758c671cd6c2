"""What the ground floor and Django's sessions keep of a person, erased with them."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from django.conf import settings
from django.db.models import QuerySet

from . import sessions
from .models import MailMark, SentMail, Session

BATCH = 500


def erase(user: Any) -> dict[str, int]:
    """Forget where the person is and was signed in, and what mail went to them."""
    return {
        **_forget_signed_in(user),
        **_forget_visits(str(user.pk)),
        **{
            model._meta.label: model._default_manager.filter(user=user).delete()[0]
            for model in (SentMail, MailMark)
        },
    }


def _forget_signed_in(user: Any) -> dict[str, int]:
    """Their sessions, live and ended, with what the session engine has of them."""
    rows = Session.objects.filter(user=user)
    for key in rows.values_list("session_key", flat=True):
        sessions.delete_data(key)
    return {Session._meta.label: rows.delete()[0]}


def _forget_visits(subject: str) -> dict[str, int]:
    """Browsers in which a sign-in of theirs was begun and not finished.

    Only an engine with a table can be looked through; a cache forgets them by itself. Sessions of
    others who are signed in hold nothing of the person.
    """
    engine = import_module(settings.SESSION_ENGINE).SessionStore
    if not hasattr(engine, "get_model_class"):
        return {}
    model = engine.get_model_class()
    live = Session.objects.filter(ended_at__isnull=True).values("session_key")
    forgotten = 0
    visits: QuerySet[Any] = model._default_manager.exclude(session_key__in=live)
    for visit in visits.iterator(chunk_size=BATCH):
        if _mentions(visit.get_decoded(), subject):
            engine(visit.session_key).delete()
            forgotten += 1
    return {model._meta.label: forgotten}


def _mentions(value: Any, subject: str) -> bool:
    if isinstance(value, dict):
        return any(_mentions(each, subject) for each in value.values())
    if isinstance(value, list | tuple):
        return any(_mentions(each, subject) for each in value)
    return str(value) == subject
