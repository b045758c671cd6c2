"""Settings of the reference site, from the environment (docs: "Run it for real").

Outside demo mode nothing secret has a default: what is missing stops the start with a sentence.
"""

import os
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import dj_database_url
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from accounts.conf import AccountsSettings
from accounts.foreign_hashers import FOREIGN_HASHERS
from mfa.conf import MfaSettings
from oauth.conf import OAuthSettings
from oauth.provider_settings import *  # noqa: F403  (the six swapped models and OAUTH2_PROVIDER)
from oauth.provider_settings import OAUTH2_PROVIDER
from ostiary.conf import OstiarySettings
from passkeys.conf import PasskeysSettings

from . import demo, email_url, environment, regions
from .environment import settings_of
from .logs import LEVELS, logging_config
from .queues import EXCHANGE_TYPE, celery_queues, outbox_queues, queue_name
from .queues import PREFIX as QUEUE_PREFIX

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = Path(environment.text("VAR_DIR") or BASE_DIR / "var").resolve()

# `make run` leaves what it chose in demo.env, so that `manage.py` in another terminal speaks of
# the same site. An environment that configures the site itself is never mixed with it.
_configured = os.environ.keys() & {"SECRET_KEY", "ISSUER_URL", "DEBUG", "DEMO"}
if environment.switch("DEMO", default=False) or not _configured:
    environment.read_file(VAR_DIR / "demo.env")

DEBUG = environment.switch("DEBUG", default=False)
DEMO = environment.switch("DEMO", default=DEBUG)


def _needed(name: str, how: str, in_demo: str | None = None) -> str:
    """The environment's ``name``, or a stop that says how to make one."""
    value = environment.text(name)
    if not value and DEMO and in_demo is not None:
        return in_demo
    if not value:
        raise ImproperlyConfigured(
            f"{name} is not set. {how} To only try the site on this machine, use `make run`."
        )
    return value


ISSUER_URL = _needed(
    "ISSUER_URL",
    "It is the address under which the world finds this site, such as https://id.example.com.",
    in_demo=f"http://localhost:{environment.number('PORT', 8000)}",
).rstrip("/")
if DEMO and (reason := demo.why_not_allowed(ISSUER_URL)):
    raise ImproperlyConfigured(reason)
_issuer = urlsplit(ISSUER_URL)
HTTPS = _issuer.scheme == "https"

SECRET_KEY = _needed(
    "SECRET_KEY",
    'Make one with: python -c "import secrets; print(secrets.token_urlsafe(48))"',
    in_demo=demo.kept_secret(VAR_DIR, "secret_key", demo.new_secret_key) if DEMO else None,
)
SECRET_KEY_FALLBACKS: list[str] = environment.listed("SECRET_KEY_FALLBACKS")
FIELD_ENCRYPTION_KEYS = _needed(
    "FIELD_ENCRYPTION_KEYS",
    'Make one with: python -c "import base64, secrets; '
    'print(base64.urlsafe_b64encode(secrets.token_bytes(32)).decode())"',
    in_demo=demo.kept_secret(VAR_DIR, "field_encryption_key", demo.new_encryption_key)
    if DEMO
    else None,
).split(",")
FIELD_ENCRYPTION_KEYS = [key.strip() for key in FIELD_ENCRYPTION_KEYS]

REDIS_URL = environment.text("REDIS_URL")
METRICS_TOKEN = environment.text("METRICS_TOKEN")
RP_PORT = environment.number("RP_PORT", 9000)
API_PORT = environment.number("API_PORT", RP_PORT + 1)
ALLOWED_HOSTS = environment.listed("ALLOWED_HOSTS")
if _issuer.hostname and _issuer.hostname not in ALLOWED_HOSTS:
    ALLOWED_HOSTS.append(_issuer.hostname)
if DEMO:
    ALLOWED_HOSTS += ["localhost", "127.0.0.1", "[::1]"]

# What has no variable, and why: docs/reference/environment.md.
OSTIARY: dict[str, Any] = {
    "THROTTLE_STORAGE": REDIS_URL or "database://",
    "SIGNIN_STEPS": [
        "ostiary.second_step.SecondStep",
        "passkeys.set_up.PasskeySetUp",
        "mfa.enrolment.EnrolmentStep",
        "accounts.short_password.ChangeShortPassword",
        "accounts.confirm_by_mail.ConfirmByMail",
        "passkeys.offer.PasskeyOffer",
    ],
    "EVENT_WITNESS": "ostiary.event_chain.log_head",
    "TOMBSTONE_FILE": str(VAR_DIR / "tombstones.jsonl"),
    "OUTBOX_QUEUES": outbox_queues(),
    **settings_of(
        OstiarySettings,
        but={"OUTBOX_LEASE_SECONDS", "OUTBOX_QUEUES", "SIGNIN_STEPS", "THROTTLE_STORAGE"}
        | {"FIELD_ENCRYPTION_KEYS", "ISSUER_URL", "REGIONS"},
    ),
    "ISSUER_URL": ISSUER_URL,
    "FIELD_ENCRYPTION_KEYS": FIELD_ENCRYPTION_KEYS,
    "REGIONS": regions.settings_of(
        environment.listed("REGIONS"), environment.listed("REGION_KEYS")
    ),
}
_reached_at = OSTIARY["REGIONS"].get(OSTIARY.get("REGION"), {}).get("url")
if (_host := regions.host_of(_reached_at)) and _host not in ALLOWED_HOSTS:
    ALLOWED_HOSTS.append(_host)

OSTIARY_OAUTH: dict[str, Any] = {
    "SIGNUP_URL": "/signup/",
    "CLIENT_CACHE_SECONDS": 0 if DEBUG else 1,
    # Two tabs of one page that renew at once stay signed in.
    "PUBLIC_REFRESH_GRACE_SECONDS": environment.number("REFRESH_GRACE_SECONDS", 10),
    **settings_of(OAuthSettings, but={"BLOCKLIST_CACHE", "REGISTRATION", "SIGNUP_URL"}),
    "REGISTRATION": environment.choice(
        "REGISTRATION",
        {"closed": "closed", "token": "initial_access_token", "open": "open"},
        default="closed",
    ),
}

OSTIARY_ACCOUNTS: dict[str, Any] = {
    # The demo asks nobody: it makes no request to a third party.
    "BREACHED_PASSWORDS_URL": "" if DEMO else "https://api.pwnedpasswords.com/range/",
    "ADDRESS_POLICIES": ["accounts.confusable.refuse_homographs"],
    "NAME_POLICIES": ["accounts.confusable.refuse_mixed_scripts"],
    **settings_of(AccountsSettings),
}
if environment.switch("REFUSE_DISPOSABLE_MAIL", default=False):
    OSTIARY_ACCOUNTS["ADDRESS_POLICIES"].append("accounts.disposable.refuse_disposable")
if OSTIARY_ACCOUNTS.get("TERMS_VERSION"):
    OSTIARY["SIGNIN_STEPS"].append("accounts.terms.TermsStep")

OSTIARY_MFA: dict[str, Any] = {
    "SMS_BACKEND": "idp_site.mailbox.SmsBackend" if DEMO else "",
    "SMS_COUNTRIES": demo.SMS_COUNTRIES if DEMO else [],
    **settings_of(MfaSettings),
}
OSTIARY_PASSKEYS: dict[str, Any] = settings_of(PasskeysSettings, prefix="PASSKEYS_")

# The API of examples/, so that the demo clients have something to ask for.
OAUTH2_PROVIDER["SCOPES"] = {
    **({"api:read": _("Read your notes in the example API")} if DEMO else {}),
    **environment.pairs("SCOPES"),
}

# --- the apps ------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "idp_site",
    "accounts",
    "oauth",
    "mfa",
    "passkeys",
    "ostiary",
    "oauth2_provider",
    "django_otp",
    "idp_site.apps.AdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
]
MIDDLEWARE = [
    "idp_site.security_headers.SecurityHeadersMiddleware",
    "idp_site.logs.RequestLogMiddleware",
    "idp_site.charset.Utf8Middleware",
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "oauth.middleware.EndpointMiddleware",
    "oauth.middleware.OpenerMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "idp_site.database_outage.DatabaseOutageMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "ostiary.flow_language.FlowLanguageMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "ostiary.sessions.SessionRegisterMiddleware",
    "mfa.middleware.VerifiedSessionMiddleware",
    "accounts.preferences.PreferencesMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
ROOT_URLCONF = "idp_site.urls"
WSGI_APPLICATION = "idp_site.wsgi.application"
FORM_RENDERER = "ostiary.form_renderer.FormRenderer"
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "ostiary.kept_tags.backend.KeepingTemplates",
        "NAME": "django",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "idp_site.context.site",
            ],
        },
    }
]

# --- people --------------------------------------------------------------------------------------

AUTH_USER_MODEL = "ostiary_accounts.User"
LOGIN_URL = "/signin/"
LOGIN_REDIRECT_URL = "/account/"
LOGOUT_REDIRECT_URL = "/"
PASSWORD_HASHERS = [
    "accounts.hashing.BoundedArgon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
    "django.contrib.auth.hashers.ScryptPasswordHasher",
    *FOREIGN_HASHERS,
]
_VALIDATORS = "django.contrib.auth.password_validation."
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "accounts.length.PasswordLengthValidator"},
    {
        "NAME": _VALIDATORS + "UserAttributeSimilarityValidator",
        "OPTIONS": {
            "user_attributes": [
                "email",
                "name",
                "given_name",
                "family_name",
                "preferred_username",
            ]
        },
    },
    {"NAME": _VALIDATORS + "CommonPasswordValidator"},
    {"NAME": "accounts.strength.WeakPasswordValidator"},
    {"NAME": "accounts.breached.BreachedPasswordValidator"},
]

# --- storage -------------------------------------------------------------------------------------

_database_url = environment.text("DATABASE_URL") or f"sqlite:///{VAR_DIR / 'db.sqlite3'}"
try:
    _database: dict[str, Any] = dict(dj_database_url.parse(_database_url))
except ValueError:  # which would show the password
    raise ImproperlyConfigured(
        "DATABASE_URL is no address of a database. Write postgres://user:password@host:5432/name, "
        "with %40 for an @ in the password and the like."
    ) from None
if _database["ENGINE"] == "django.db.backends.sqlite3":
    VAR_DIR.mkdir(parents=True, exist_ok=True)
    _database["CONN_MAX_AGE"] = None
    _database["OPTIONS"] = {
        # A writer waits its turn at BEGIN; one that upgrades later would fail with "locked".
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
    _database["TEST"] = {"NAME": str(VAR_DIR / "test.sqlite3")}
else:
    if _database["ENGINE"] == "django.db.backends.postgresql":
        _database["ENGINE"] = "idp_site.postgresql"
    _database["CONN_HEALTH_CHECKS"] = True  # a restarted database costs nobody an error
    _database["CONN_MAX_AGE"] = 600  # a connection for each thread: threads are few
    _pool_size = environment.number("DATABASE_POOL_SIZE", 0)
    _options: dict[str, Any] = {"connect_timeout": 3}
    if _pool_size:
        # The wait for a connection is short, so that a database outage is told quickly.
        _options["pool"] = {"min_size": 0, "max_size": _pool_size, "timeout": 4}
        _database["CONN_MAX_AGE"] = 0  # each goes back at the end of the request
    _database["OPTIONS"] = _database.get("OPTIONS", {}) | _options
DATABASES = {"default": _database}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

CACHES: dict[str, dict[str, Any]] = {
    "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
}
SESSION_ENGINE = "ostiary.session_engines.db"
if REDIS_URL:
    CACHES["default"] = {"BACKEND": "idp_site.cache.RedisCache", "LOCATION": REDIS_URL}
    SESSION_ENGINE = "ostiary.session_engines.cached_db"
    OSTIARY_OAUTH["BLOCKLIST_CACHE"] = "default"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

# --- cookies and transport -----------------------------------------------------------------------

SESSION_COOKIE_NAME = "__Host-ostiary-session" if HTTPS else "ostiary_session"
CSRF_COOKIE_NAME = "__Host-ostiary-csrf" if HTTPS else "ostiary_csrf"
LANGUAGE_COOKIE_NAME = "__Host-ostiary-language" if HTTPS else "ostiary_language"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = HTTPS
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = LANGUAGE_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = LANGUAGE_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "ostiary.pages.csrf_failure"
CSRF_TRUSTED_ORIGINS = [f"{_issuer.scheme}://{_issuer.netloc}"]
if OSTIARY.get("TRUSTED_PROXY_HOPS"):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
if HTTPS:
    SECURE_SSL_REDIRECT = True
    SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
    SECURE_HSTS_SECONDS = 2 * 365 * 24 * 3600
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
# Django's CSRF protection needs the Referer or Origin of our own https forms.
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

# --- languages, time, static files ---------------------------------------------------------------

LANGUAGE_CODE = "en"
LANGUAGES = [  # each by its own name
    ("en", "English"),
    ("de", "Deutsch"),
    ("fr", "Français"),
    ("es", "Español"),
    ("ar", "العربية"),
]
LOCALE_PATHS = [BASE_DIR / "idp_site" / "locale"]
FORMAT_MODULE_PATH = ["idp_site.formats"]
USE_TZ = True
TIME_ZONE = "UTC"

STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
if DEMO:
    STATIC_ROOT.mkdir(parents=True, exist_ok=True)
# The demo serves the files where they lie; elsewhere `collectstatic` hashes and compresses them.
WHITENOISE_USE_FINDERS = DEMO
WHITENOISE_AUTOREFRESH = DEBUG
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEMO
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}

# --- messages ------------------------------------------------------------------------------------

DEFAULT_FROM_EMAIL = SERVER_EMAIL = (
    environment.text("DEFAULT_FROM_EMAIL") or f"no-reply@{_issuer.hostname or 'localhost'}"
)
if DEMO and not environment.text("EMAIL_URL"):
    EMAIL_BACKEND = "idp_site.mailbox.EmailBackend"
else:
    _email = email_url.settings_of(environment.text("EMAIL_URL") or email_url.DEFAULT, os.environ)
    globals().update(_email)
    if "ANYMAIL" in _email:
        INSTALLED_APPS.append("anymail")  # its system checks

# --- Celery (read by idp_site.celery with the prefix CELERY_) ------------------------------------

CELERY_BROKER_URL = (
    environment.text("CELERY_BROKER_URL") or REDIS_URL or ("filesystem://localhost" if DEMO else "")
)
if not CELERY_BROKER_URL:
    raise ImproperlyConfigured(
        "CELERY_BROKER_URL is not set. It is the broker between the web server and the worker, "
        "such as amqp://user:password@rabbitmq:5672 or redis://redis:6379/1."
    )
# (The outbox hands messages over with time-outs of its own. The scheduler publishes with Celery's
# retries: without them it goes on for ever with a connection that the broker has closed.)
CELERY_BROKER_CONNECTION_TIMEOUT = 2
CELERY_TASK_QUEUES = celery_queues(CELERY_BROKER_URL)
CELERY_TASK_DEFAULT_QUEUE = CELERY_TASK_DEFAULT_ROUTING_KEY = queue_name("jobs")
CELERY_TASK_DEFAULT_EXCHANGE = QUEUE_PREFIX
CELERY_TASK_DEFAULT_EXCHANGE_TYPE = EXCHANGE_TYPE
CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, Any] = {}
if CELERY_BROKER_URL.startswith("filesystem:"):
    CELERY_BROKER_TRANSPORT = "idp_site.file_broker:Transport"
    _queue = VAR_DIR / "broker"
    for _folder in ("queue", "control"):
        (_queue / _folder).mkdir(mode=0o700, parents=True, exist_ok=True)
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": str(_queue / "queue"),
        "data_folder_out": str(_queue / "queue"),
        "control_folder": str(_queue / "control"),
    }
elif CELERY_BROKER_URL.startswith("redis"):
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        # A task that nobody has acknowledged for so long is given to another worker. It has to be
        # more than CELERY_TASK_TIME_LIMIT, or what still runs would run twice; and not much more,
        # since so long what a killed worker had in hand lies there. (Messages don't wait for it:
        # the sweep takes them up when their lease is over.)
        "visibility_timeout": 600,
        # Redis is near: what takes longer is down, and the worker is to notice.
        "socket_connect_timeout": 1,
        "socket_timeout": 5,
    }
elif CELERY_BROKER_URL.startswith("amqp"):
    # A task counts as handed over when most of RabbitMQ's nodes have it on disk, not before.
    CELERY_BROKER_TRANSPORT_OPTIONS = {"confirm_publish": True}
# A worker that starts before its broker waits for it.
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# Acknowledged when it is done: what a killed worker had in hand goes to another. Every task may
# run again.
CELERY_TASK_ACKS_LATE = True
# The same where only the process in the pool was killed, as for want of memory.
CELERY_TASK_REJECT_ON_WORKER_LOST = True
# Nobody asks what a task returned; what matters is in the database.
CELERY_TASK_IGNORE_RESULT = True
# More than any request to a gateway may take (10 s, and the sweep stops after 8), less than the
# lease of a message (OUTBOX_LEASE_SECONDS, 300): whoever holds one is dead when it is over.
CELERY_TASK_SOFT_TIME_LIMIT = 120
CELERY_TASK_TIME_LIMIT = 150
# A worker takes from a queue what its processes can begin at once: nothing waits behind a slow task
# while another worker has nothing to do, and a kill gives back little.
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
# Quorum queues know no prefetch that holds for all of a worker's queues (global QoS), so each queue
# has one of its own.
CELERY_WORKER_DETECT_QUORUM_QUEUES = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_REDIRECT_STDOUTS = False
# When the broker is lost, so is the right to acknowledge: another worker will get the task.
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
CELERY_TASK_SERIALIZER = CELERY_RESULT_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TIMEZONE = TIME_ZONE
CELERY_BEAT_SCHEDULE_FILENAME = str(VAR_DIR / "celerybeat-schedule")

LOGGING_CONFIG = "logging.config.dictConfig"
LOGGING = logging_config(
    environment.choice("LOG_LEVEL", {level: level for level in LEVELS}, default="INFO")
)
