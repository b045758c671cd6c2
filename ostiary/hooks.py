"""Code of the project's own at fixed points, named by dotted path (docs: "Hooks").

A hook is a function, or a class of which an instance is called. Before a sign-in completes, a hook
that fails counts as one that refuses. What comes after something has happened can't undo it: there
a hook that fails is logged, and what comes of an event is tried again by the outbox.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from typing import Any

from django.db import transaction
from django.http import HttpRequest
from django.utils.module_loading import import_string

from . import outbox
from .conf import ostiary_settings
from .models import Event

log = logging.getLogger(__name__)

Hook = Callable[..., Any]


class SignInRefused(Exception):
    """A hook before sign-in raises it. Its text is shown to the person, who has proved who they
    are; ``hook`` is filled in by us."""

    hook = ""


def load(path: str) -> Hook:
    """The function of this dotted path, or an instance of the class. Raises ``ImportError``."""
    found: Hook = import_string(path)
    return found() if isinstance(found, type) else found


def after_signup(request: HttpRequest, user: Any) -> None:
    """Have ``OSTIARY["AFTER_SIGNUP_HOOKS"]`` called once the account is committed."""
    for path in ostiary_settings.AFTER_SIGNUP_HOOKS:
        transaction.on_commit(functools.partial(_after_signup, path, request, user), robust=True)


def _after_signup(path: str, request: HttpRequest, user: Any) -> None:
    try:
        load(path)(request, user)
    except Exception:
        log.exception("The hook %s failed; the account is there all the same.", path)


def after_event(event: Event) -> None:
    """Have ``OSTIARY["AFTER_EVENT_HOOKS"]`` called by a worker, in the caller's transaction.

    A hook with ``kinds`` hears of these only.
    """
    for path in ostiary_settings.AFTER_EVENT_HOOKS:
        if _wants(path, event.kind):
            outbox.enqueue("events.hook", {"hook": path, "event": str(event.pk)})


def _wants(path: str, kind: str) -> bool:
    try:
        kinds = getattr(import_string(path), "kinds", None)
    except ImportError:
        return True  # the worker may have what is missing here, and tells if not
    return kinds is None or kind in kinds


@outbox.handler("events.hook", queue=outbox.Queue.BULK)
def _deliver(payload: dict[str, Any], key: str) -> None:
    """Call the hook, unless the event was pruned or the hook taken out of the settings."""
    event = Event.objects.filter(pk=payload["event"]).first()
    if event is not None and payload["hook"] in ostiary_settings.AFTER_EVENT_HOOKS:
        load(payload["hook"])(event)
