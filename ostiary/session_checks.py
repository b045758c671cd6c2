"""System checks of how sessions are kept, limited and watched."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.sessions.backends import cache, cached_db, signed_cookies
from django.core.cache.backends.dummy import DummyCache
from django.core.cache.backends.locmem import LocMemCache
from django.core.checks import CheckMessage, Error
from django.utils.module_loading import import_string

from .conf import ostiary_settings
from .sessions import SessionRegisterMiddleware


def problems() -> Iterator[CheckMessage]:
    """What is wrong, and what to write instead."""
    yield from _session_engine()
    yield from _session_limits()
    yield from _middleware()


def problems_of_deployment() -> Iterator[CheckMessage]:
    """What is tolerable on a developer's machine: sessions that each process has for itself."""
    held_in = _session_cache()
    if held_in and issubclass(held_in, LocMemCache):
        yield Error(
            "Sessions are cached in the memory of each process: no other sees what it wrote.",
            hint="Use a shared cache, or the session engine ostiary.session_engines.db.",
            id="ostiary.E014",
        )


def _session_store() -> Any:
    """The class of the session engine; ``None`` if there is none of that name."""
    try:
        return import_module(settings.SESSION_ENGINE).SessionStore
    except (ImportError, AttributeError):
        return None


def _session_cache() -> Any:
    """The class of the cache that holds sessions; ``None`` where none does, or it's unknown."""
    store = _session_store()
    if store is None or not issubclass(store, cache.SessionStore | cached_db.SessionStore):
        return None
    backend = settings.CACHES.get(settings.SESSION_CACHE_ALIAS, {}).get("BACKEND", "")
    try:
        return import_string(backend)
    except ImportError:
        return None


def _session_engine() -> Iterator[CheckMessage]:
    hint = 'Write SESSION_ENGINE = "ostiary.session_engines.db" (or cached_db).'
    store = _session_store()
    if store is None:
        yield Error(
            f"SESSION_ENGINE {settings.SESSION_ENGINE!r} isn't a session engine.",
            hint=hint,
            id="ostiary.E013",
        )
        return
    if issubclass(store, signed_cookies.SessionStore):
        yield Error(
            "Sessions are kept in cookies: the server can't end them.", hint=hint, id="ostiary.E013"
        )
    held_in = _session_cache()
    if (
        held_in
        and issubclass(held_in, DummyCache)
        and not issubclass(store, cached_db.SessionStore)
    ):
        yield Error(
            "Sessions are kept in a cache that keeps nothing.", hint=hint, id="ostiary.E014"
        )


def _session_limits() -> Iterator[CheckMessage]:
    if ostiary_settings.SESSION_TOUCH_SECONDS > ostiary_settings.SESSION_IDLE_SECONDS // 2:
        yield Error(
            "OSTIARY['SESSION_TOUCH_SECONDS'] is more than half of SESSION_IDLE_SECONDS: sessions "
            "would end while in use.",
            hint=f"Write {ostiary_settings.SESSION_IDLE_SECONDS // 2} or less.",
            id="ostiary.E015",
        )


def _middleware() -> Iterator[CheckMessage]:
    ours = _position(SessionRegisterMiddleware)
    djangos = _position(AuthenticationMiddleware)
    path = f"{SessionRegisterMiddleware.__module__}.{SessionRegisterMiddleware.__name__}"
    hint = f"Put {path!r} into MIDDLEWARE, below Django's AuthenticationMiddleware."
    if ours is None:
        yield Error(
            "Without SessionRegisterMiddleware, ended sessions still work.",
            hint=hint,
            id="ostiary.E016",
        )
    elif djangos is None or ours < djangos:
        yield Error(
            "SessionRegisterMiddleware is placed above AuthenticationMiddleware, or without it.",
            hint=hint,
            id="ostiary.E016",
        )


def _position(wanted: type) -> int | None:
    for position, path in enumerate(settings.MIDDLEWARE):
        try:
            found = import_string(path)
        except ImportError:
            continue
        if isinstance(found, type) and issubclass(found, wanted):
            return position
    return None
