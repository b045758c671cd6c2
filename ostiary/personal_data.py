"""What the ground floor and Django's sessions keep of a person, erased with them."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from django.conf import settings

from . import exports, sessions, visits
from .models import FactorReset, MailMark, SentMail, Session, Visit


def erase(user: Any) -> dict[str, int]:
    """Forget where the person is and was signed in, where a sign-in of theirs waits, what mail
    went to them, and the copies of their data."""
    return {
        **_forget_signed_in(user),
        **_forget_visits(str(user.pk)),
        **{
            model._meta.label: model._default_manager.filter(user=user).delete()[0]
            for model in (SentMail, MailMark, FactorReset)
        },
        **exports.forget(user),
    }


def _forget_signed_in(user: Any) -> dict[str, int]:
    """Their sessions, live and ended, with what the session engine has of them."""
    rows = Session.objects.filter(user=user)
    for key in rows.values_list("session_key", flat=True):
        sessions.delete_data(key)
    return {Session._meta.label: rows.delete()[0]}


def _forget_visits(subject: str) -> dict[str, int]:
    """Browsers in which a sign-in of theirs was begun and not finished. Sessions of others who are
    signed in hold nothing of the person."""
    forgotten = visits.forget(subject)
    engine = import_module(settings.SESSION_ENGINE).SessionStore
    table = engine.get_model_class() if hasattr(engine, "get_model_class") else Visit
    return {table._meta.label: forgotten, Visit._meta.label: forgotten}
