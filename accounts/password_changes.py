"""A password that is changed by another door than ours: told all the same.

Ours are the pages of an account, of recovery and of operators, which tell the log, the person and
the applications by themselves. Django has others, ``manage.py changepassword`` and the forms and
views of ``django.contrib.auth`` where a project mounts them. Each sets the password and saves the
person, and that is heard here.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models.signals import post_save

from ostiary import events
from ostiary.operators import is_operator

from . import recovery

UID = "ostiary.accounts.password_changes"


def _saved(sender: Any, instance: Any, created: bool, raw: bool = False, **_: Any) -> None:
    """Django keeps a new password in ``_password`` until it has told its validators of it; not one
    that was only hashed anew."""
    is_ours = instance.__dict__.pop(recovery.TELLS, False)
    if raw or is_ours or instance._password is None:
        return
    if created:
        if is_operator(instance):
            events.record("person.created", user=instance, details={"elsewhere": True})
        return
    # The sessions begun by the old password end by Django's hash of it, at their next request; but
    # for the one in which it was changed, where Django's view keeps that.
    with transaction.atomic():
        recovery.tell_password_changed(None, instance, "password.changed")


def connect() -> None:
    """Called once, when the app is ready."""
    post_save.connect(_saved, sender=settings.AUTH_USER_MODEL, dispatch_uid=UID)
