"""The settings of the ground floor: each with its type, unit, default and reason, in one place.

A project writes ``OSTIARY = {"ISSUER_URL": "https://id.example.com", ...}`` in its Django settings;
code reads ``ostiary_settings.ISSUER_URL``. The system checks say what is wrong with them, and a
value of the wrong type is never read: the first who asks gets ``ImproperlyConfigured``.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from .typed_settings import read


@dataclass(frozen=True)
class OstiarySettings:
    """Every key that ``settings.OSTIARY`` may hold."""

    SITE_NAME: str = "Ostiary"
    """The name that people see on pages and in messages. What an operator enters in the admin
    (Branding) goes before this setting and the six that follow."""

    SITE_LOGO: str = ""
    """The path of a PNG, JPEG or WebP file of at most 1 MB, shown in the head of pages and in
    emails in the place of the name."""

    SITE_LOGO_DARK: str = ""
    """The same for pages in the dark, where the logo needs another one there."""

    ACCENT_COLOR: str = ""
    """The color of buttons and links, such as ``#14574b``. One that is hard to read on light or on
    dark pages is adjusted there (how-to: change the look). Empty: the colors of the stylesheet."""

    TERMS_URL: str = ""
    """Where people read your terms of service: an https address, or a path on this site."""

    PRIVACY_URL: str = ""
    """Where they read your privacy policy: the same."""

    HELP_URL: str = ""
    """Where they get help: the same, or ``mailto:`` and an email address."""

    ISSUER_URL: str = ""
    """Where the world finds this site: scheme and host, with neither path nor a slash at the end.
    Links in messages and the OIDC ``iss`` come from here, never from a request's Host header."""

    FIELD_ENCRYPTION_KEYS: list[str] = field(default_factory=list)
    """Base64url of 32 random bytes each, newest first: the first encrypts, all decrypt."""

    SIGNIN_STEPS: list[str] = field(default_factory=list)
    """Dotted paths of ``SignInStep`` classes, in the order in which a sign-in must pass them."""

    BEFORE_SIGNIN_HOOKS: list[str] = field(default_factory=list)
    """Dotted paths of callables ``hook(request, user, pending)``, asked before a sign-in completes,
    on every way in. One that raises ``SignInRefused``, or fails, refuses it (how-to: hooks)."""

    RISK_RULES: list[str] = field(
        default_factory=lambda: [
            "ostiary.risk_rules.NewDevice",
            "ostiary.risk_rules.NewCountry",
            "ostiary.risk_rules.ImpossibleTravel",
            "ostiary.risk_rules.ThrottlePressure",
            "ostiary.risk_rules.BreachedPassword",
        ]
    )
    """Dotted paths of the rules that say how unusual a sign-in looks (explanation: risk)."""

    RISK_NOTIFY_SCORE: int = field(default=30, metadata={"minimum": 0})
    """From this score on the person is told of the sign-in; 0: never. A new device is always
    told."""

    RISK_STEP_UP_SCORE: int = field(default=60, metadata={"minimum": 0})
    """From this score on a sign-in by one factor has to be confirmed, where a step for it stands in
    ``SIGNIN_STEPS``; 0: never."""

    AFTER_SIGNUP_HOOKS: list[str] = field(default_factory=list)
    """Dotted paths of callables ``hook(request, user)``, called once a new account is there."""

    AFTER_EVENT_HOOKS: list[str] = field(default_factory=list)
    """Dotted paths of callables ``hook(event)``, called by the worker for each security event, at
    least once; one with an attribute ``kinds`` for events of these kinds only."""

    PENDING_SIGNIN_SECONDS: int = 600
    """How long a sign-in may wait for its next step (SECURITY C7)."""

    SESSION_IDLE_SECONDS: int = 12 * 3600
    """A session unused for this long is over."""

    SESSION_ABSOLUTE_SECONDS: int = 24 * 3600
    """A session is over this long after sign-in, however busy (not remembered)."""

    REMEMBERED_SESSION_SECONDS: int = 30 * 24 * 3600
    """Both limits for a session whose person ticked "keep me signed in"."""

    MAX_SESSIONS_PER_PERSON: int = 0
    """In how many places a person may be signed in at once: one more ends the oldest, and the
    person is told. 0 is no limit."""

    SESSION_TOUCH_SECONDS: int = 300
    """``last_seen_at`` is written at most this often, so that reading a page costs no write."""

    STEP_UP_SECONDS: int = 600
    """How fresh an authentication must be for a sensitive action (SECURITY C8)."""

    TRUSTED_PROXY_HOPS: int = 0
    """How many of our own proxies stand in front; 0 ignores what they write."""

    TRUSTED_PROXY_HEADER: str = "X-Forwarded-For"
    """The header in which they write for whom they forward, with a port or brackets or without:
    ``X-Forwarded-For``, or where a request has none ``Forwarded`` (RFC 7239); with ``Forwarded``,
    that alone, for proxies which let a client's own ``X-Forwarded-For`` pass."""

    THROTTLE_STORAGE: str = "database://"
    """A ``limits`` storage URI (``memory://``, ``redis://...``) or ``database://`` for our table.
    In-process memory counts per worker, so it suits tests and one-worker sites only."""

    THROTTLES: dict[str, dict[str, str]] = field(default_factory=dict)
    """Replaces single limits of ``throttling.DEFAULT_LIMITS``, for example
    ``{"signin": {"ip": "30/minute"}}``."""

    OUTBOX_MAX_ATTEMPTS: int = 20
    """After this many failures, in about two days, a message is parked for the operator."""

    OUTBOX_LEASE_SECONDS: int = 300
    """How long a worker may hold a message before the sweep gives it to another: longer than the
    time limit of a task, or two may send it."""

    OUTBOX_QUEUES: dict[str, str] = field(default_factory=dict)
    """Celery's queue for the messages of each queue of the outbox: ``urgent``, ``sms``, ``normal``
    and ``bulk`` (how-to: brokers). What is not named goes into Celery's default queue."""

    OUTBOX_KEEP_DAYS: dict[str, int] = field(default_factory=lambda: {"default": 30})
    """How many days a message that was delivered or dropped is kept, without its content, for
    operators to see and for its key to tell a repeat: by its kind, such as ``{"mfa.sms": 7}``, or
    else ``default``."""

    OUTBOX_KEEP_PARKED_DAYS: dict[str, int] = field(default_factory=lambda: {"default": 90})
    """How many days a parked message, with its content, waits for an operator before it is dropped,
    which is logged: by its kind, or else ``default``."""

    PLACES_DATABASE: str = ""
    """The path of a database in MaxMind's format, such as GeoLite2 City: the country and city of an
    address, for people to recognise and for the risk of a sign-in. Needs the extra ``geo``; empty
    leaves places out. Nothing is asked of anybody else."""

    EVENT_RETENTION_DAYS: int = 400
    """How long security events are kept before ``prune_events`` may remove them."""

    EVENT_WITNESS: str = ""
    """Dotted path of a callable that is given each signed head of the event chain, to anchor it
    outside the database (file, log, other region)."""

    SUPPORT_RECOVERY_OPERATORS: int = field(default=1, metadata={"minimum": 1})
    """How many operators it takes to give a person their account back, or to remove their second
    factors: 1, or 2, of whom the second approves what the first asked for."""

    ERASURE_GRACE_DAYS: int = field(default=7, metadata={"minimum": 0})
    """For so many days after somebody asked to be erased they can still call it off."""

    RETENTION_RULES: list[str] = field(default_factory=list)
    """Dotted paths of callables ``rule(user)`` that return what is kept of a person who is erased,
    why and until when, or that hold the erasure up (how-to: erase people)."""

    TOMBSTONE_FILE: str = ""
    """The path of a file outside the database to which each tombstone is added, as a line of JSON:
    by it ``apply_tombstones`` erases again whom a restored backup has brought back."""

    REGION: str = ""
    """Which of ``REGIONS`` this site is."""

    REGIONS: dict[str, dict[str, str]] = field(default_factory=dict)
    """Every region of the site by its name, this one too: ``{"url": "https://eu.id.example.com"}``,
    where the others reach it, and optionally ``"keys"``, the path of a JWK Set of the only keys
    that are believed to be its. An erasure is complete when all have answered (how-to: regions)."""

    REGION_ALARM_HOURS: int = 24
    """After so many hours without a region's receipt operators, and the person, are told."""

    EXPORT_KEEP_DAYS: int = field(default=7, metadata={"minimum": 1})
    """For so many days a person can fetch a copy of their data; then it is removed."""

    PERSONAL_DATA_EXPORTERS: list[str] = field(default_factory=list)
    """Dotted paths of exporters beyond those that apps register themselves."""

    PERSONAL_DATA_ERASERS: list[str] = field(default_factory=list)
    """Dotted paths of erasers beyond those that apps register themselves."""


ostiary_settings = read("OSTIARY", OstiarySettings)
