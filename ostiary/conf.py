"""The settings of the ground floor: each with its type, unit, default and reason, in one place.

A project writes ``OSTIARY = {"ISSUER_URL": "https://id.example.com", ...}`` in its Django settings;
code reads ``ostiary_settings.ISSUER_URL``. The system checks say what is wrong with them, and a
value of the wrong type is never read: the first who asks gets ``ImproperlyConfigured``.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import MISSING, dataclass, field, fields
from typing import Any, get_type_hints

from django.conf import settings as django_settings
from django.core.exceptions import ImproperlyConfigured
from django.core.signals import setting_changed


@dataclass(frozen=True)
class OstiarySettings:
    """Every key that ``settings.OSTIARY`` may hold."""

    SITE_NAME: str = "Ostiary"
    """The name that people see on pages and in messages."""

    ISSUER_URL: str = ""
    """Where the world finds this site, with scheme, without a trailing slash. Links in messages
    and the OIDC ``iss`` come from here, never from a request's Host header."""

    FIELD_ENCRYPTION_KEYS: list[str] = field(default_factory=list)
    """Base64url of 32 random bytes each, newest first: the first encrypts, all decrypt."""

    SIGNIN_STEPS: list[str] = field(default_factory=list)
    """Dotted paths of ``SignInStep`` classes, in the order in which a sign-in must pass them."""

    PENDING_SIGNIN_SECONDS: int = 600
    """How long a sign-in may wait for its next step (SECURITY C7)."""

    SESSION_IDLE_SECONDS: int = 12 * 3600
    """A session unused for this long is over."""

    SESSION_ABSOLUTE_SECONDS: int = 24 * 3600
    """A session is over this long after sign-in, however busy (not remembered)."""

    REMEMBERED_SESSION_SECONDS: int = 30 * 24 * 3600
    """Both limits for a session whose person ticked "keep me signed in"."""

    SESSION_TOUCH_SECONDS: int = 300
    """``last_seen_at`` is written at most this often, so that reading a page costs no write."""

    STEP_UP_SECONDS: int = 600
    """How fresh an authentication must be for a sensitive action (SECURITY C8)."""

    TRUSTED_PROXY_HOPS: int = 0
    """How many of our own proxies stand in front; 0 ignores ``X-Forwarded-For``."""

    THROTTLE_STORAGE: str = "database://"
    """A ``limits`` storage URI (``memory://``, ``redis://...``) or ``database://`` for our table.
    In-process memory counts per worker, so it suits tests and one-worker sites only."""

    THROTTLES: dict[str, dict[str, str]] = field(default_factory=dict)
    """Replaces single limits of ``throttling.DEFAULT_LIMITS``, for example
    ``{"signin": {"ip": "30/minute"}}``."""

    OUTBOX_MAX_ATTEMPTS: int = 20
    """After this many failures, in about two days, a message is parked for the operator."""

    OUTBOX_LEASE_SECONDS: int = 300
    """How long a worker may hold a message before the sweep gives it to another."""

    EVENT_RETENTION_DAYS: int = 400
    """How long security events are kept before ``prune_events`` may remove them."""

    EVENT_WITNESS: str = ""
    """Dotted path of a callable that is given each signed head of the event chain, to anchor it
    outside the database (file, log, other region)."""

    PERSONAL_DATA_EXPORTERS: list[str] = field(default_factory=list)
    """Dotted paths of exporters beyond those that apps register themselves."""

    PERSONAL_DATA_ERASERS: list[str] = field(default_factory=list)
    """Dotted paths of erasers beyond those that apps register themselves."""


KNOWN: dict[str, Any] = {
    setting.name: setting.default_factory()
    if setting.default_factory is not MISSING
    else setting.default
    for setting in fields(OstiarySettings)
}
_TYPES = get_type_hints(OstiarySettings)
_IN_WORDS = {
    str: "a string",
    int: "a whole number",
    list[str]: "a list of strings",
    dict[str, dict[str, str]]: "a dictionary of dictionaries of strings",
}


def unknown_keys(given: Any) -> Iterator[str]:
    """A sentence for each key that we don't know, with the one that was probably meant."""
    for name in given if isinstance(given, dict) else ():
        if name not in KNOWN:
            near = difflib.get_close_matches(str(name), KNOWN, 1)
            meant = f" Did you mean {near[0]!r}?" if near else ""
            yield f"OSTIARY has no setting {name!r}.{meant}"


def wrong_values(given: Any) -> Iterator[str]:
    """A sentence for each value of a wrong type, or below what makes sense."""
    if not isinstance(given, dict):
        yield f"OSTIARY is of the type {type(given).__name__}. Write a dictionary."
        return
    for name, default in KNOWN.items():
        value, wanted = given.get(name, default), _TYPES[name]
        if not _is_a(value, wanted):
            # The value itself is not shown: it may be a key.
            example = f", such as {default!r}" if default else ""
            yield (
                f"OSTIARY[{name!r}] is of the type {type(value).__name__}. "
                f"Write {_IN_WORDS[wanted]}{example}."
            )
        elif wanted is int and value < min(1, default):
            yield f"OSTIARY[{name!r}] is {value}. Write {min(1, default)} or more."


def _is_a(value: Any, wanted: Any) -> bool:
    if wanted is int:
        return isinstance(value, int) and not isinstance(value, bool)
    if wanted is str:
        return isinstance(value, str)
    if wanted == list[str]:
        return isinstance(value, list | tuple) and all(_is_a(item, str) for item in value)
    return isinstance(value, dict) and all(
        isinstance(inner, dict) and all(isinstance(text, str) for text in inner.values())
        for inner in value.values()
    )


class _Lazy:
    """Reads ``settings.OSTIARY`` at first use and again when a test overrides it."""

    def __init__(self) -> None:
        self._loaded: OstiarySettings | None = None

    def _load(self) -> OstiarySettings:
        given = getattr(django_settings, "OSTIARY", {})
        if problems := [*unknown_keys(given), *wrong_values(given)]:
            raise ImproperlyConfigured(" ".join(problems))
        return OstiarySettings(**given)

    def __getattr__(self, name: str) -> Any:
        if self._loaded is None:
            self._loaded = self._load()
        return getattr(self._loaded, name)

    def reload(self, *, setting: str = "OSTIARY", **_: Any) -> None:
        """Forget what was read (connected to Django's ``setting_changed``)."""
        if setting == "OSTIARY":
            self._loaded = None


_lazy = _Lazy()
setting_changed.connect(_lazy.reload)
ostiary_settings: OstiarySettings = _lazy  # type: ignore[assignment]  # one typed face for readers
