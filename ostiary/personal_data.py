"""What the ground floor and Django's own apps keep of a person, erased with them."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from django.apps import apps
from django.conf import settings
from django.contrib.auth import get_user_model
from django.db.models import Q, QuerySet

from . import sessions
from .models import Session

BATCH = 500


def erase(user: Any) -> dict[str, int]:
    """Forget where the person is and was signed in, and what the administration wrote of them."""
    address = getattr(user, user.get_email_field_name(), "")
    return {
        **_forget_signed_in(user),
        **_forget_visits(str(user.pk)),
        **_forget_in_the_admin(user, address),
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


def _forget_in_the_admin(user: Any, address: str) -> dict[str, int]:
    """The entries about the person, and those by them: who did what is in the security log."""
    if not apps.is_installed("django.contrib.admin"):
        return {}
    from django.contrib.admin.models import LogEntry
    from django.contrib.contenttypes.models import ContentType

    people = ContentType.objects.get_for_model(get_user_model())
    about = Q(user=user) | Q(content_type=people, object_id=str(user.pk))
    if address:
        about |= Q(object_repr__icontains=address) | Q(change_message__icontains=address)
    return {LogEntry._meta.label: LogEntry.objects.filter(about).delete()[0]}
