"""System checks of the ground floor: what is wrong with the settings, and what to write instead.

Errors stop ``runserver``, ``migrate`` and the like by themselves; a WSGI server and a worker have
to run the checks when they start. Those of a deployment are run by ``check --deploy`` only.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register
from django.core.exceptions import ImproperlyConfigured
from limits.errors import ConfigurationError

from . import (
    branding_checks,
    hook_checks,
    mail_provider,
    outbox_checks,
    places,
    session_checks,
    throttling,
    tombstone_file,
)
from .client_address import FORWARDED, X_FORWARDED_FOR
from .conf import OstiarySettings, ostiary_settings
from .encryption import HOW_TO_MAKE_A_KEY, is_weak, parse_key
from .regions import configured
from .typed_settings import unknown_keys, wrong_values

SECRET_KEY_MIN_LENGTH = 50
SECRET_KEY_MIN_CHARACTERS = 10
HOW_TO_MAKE_ONE = 'Make one with: python -c "import secrets; print(secrets.token_urlsafe(48))"'


@register()
def check_settings(app_configs: Any, **_: Any) -> list[CheckMessage]:
    """What can be told of any project, also while it is being developed."""
    found: list[CheckMessage] = [
        *(Error(text, id="ostiary.E001") for text in unknown_keys("OSTIARY", OstiarySettings)),
        *(Error(text, id="ostiary.E002") for text in wrong_values("OSTIARY", OstiarySettings)),
    ]
    if found:
        return found  # the others would read the settings
    return [
        *_issuer(ostiary_settings.ISSUER_URL),
        *_encryption_keys(ostiary_settings.FIELD_ENCRYPTION_KEYS),
        *_public_debug(),
        *_proxy_header(),
        *session_checks.problems(),
        *hook_checks.problems(),
        *_throttles(),
        *_places(),
        *_tombstone_file(),
        *_regions(),
        *_mail_provider(),
        *branding_checks.problems(),
        *_time_zones(),
        *outbox_checks.problems(),
        *_operators(),
    ]


@register(deploy=True)
def check_deployment(app_configs: Any, **_: Any) -> list[CheckMessage]:
    """What is tolerable on a developer's machine, and nowhere else."""
    if any(unknown_keys("OSTIARY", OstiarySettings)) or any(
        wrong_values("OSTIARY", OstiarySettings)
    ):
        return []
    return [
        *_secret_key(),
        *_wildcard_hosts(),
        *session_checks.problems_of_deployment(),
        *_counted_by_each_process(),
        *_mail_reports(),
    ]


# --- the address -------------------------------------------------------------------------------


def is_loopback(host: str) -> bool:
    """Whether a host name or address is this machine's own (RFC 6761 §6.3, RFC 8252 §7.3)."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _issuer_host() -> str:
    try:
        return urlsplit(ostiary_settings.ISSUER_URL).hostname or ""
    except ValueError:
        return ""


def _issuer(issuer: str) -> Iterator[CheckMessage]:
    """An issuer identifier is a URL with neither query nor fragment (RFC 8414 §2)."""
    hint = "Write scheme and host, and a port if it needs one, such as https://id.example.com."
    if not issuer:
        yield Error("OSTIARY['ISSUER_URL'] is not set.", hint=hint, id="ostiary.E003")
    elif not _is_issuer(issuer):
        yield Error(
            f"OSTIARY['ISSUER_URL'] is {issuer!r}, which isn't the URL of a site.",
            hint=hint,
            id="ostiary.E004",
        )
    elif issuer.endswith("/"):
        yield Error(
            "OSTIARY['ISSUER_URL'] ends with a slash.",
            hint=f"Write {issuer.rstrip('/')!r}: applications compare it character by character.",
            id="ostiary.E004",
        )
    elif urlsplit(issuer).path:
        yield Error(
            f"OSTIARY['ISSUER_URL'] is {issuer!r}, which has a path.",
            hint="Links, cookies and the addresses under /.well-known/ are those of a whole host: "
            "give it a name of its own, such as https://id.example.com.",
            id="ostiary.E004",
        )
    elif issuer.startswith("http:") and not is_loopback(_issuer_host()):
        yield Error(
            f"OSTIARY['ISSUER_URL'] is {issuer!r}: passwords and tokens would be sent unencrypted.",
            hint="Use https. Plain http is for this machine only, such as http://localhost:8000.",
            id="ostiary.E005",
        )


def _is_issuer(url: str) -> bool:
    try:
        parts = urlsplit(url)
        port_is_valid = parts.port != 0
    except ValueError:
        return False
    return (
        port_is_valid
        and parts.scheme in ("http", "https")
        and bool(parts.hostname)
        and parts.netloc == parts.netloc.lower()
        and not any(mark in url for mark in "?#@\\")
        and url.isascii()
        and url.isprintable()
        and " " not in url
    )


def _public_debug() -> Iterator[CheckMessage]:
    host = _issuer_host()
    if settings.DEBUG and host and not is_loopback(host):
        yield Error(
            f"DEBUG is on, and the site is public ({host}).",
            hint="Set DEBUG = False: its error pages show internals to everyone.",
            id="ostiary.E006",
        )


def _proxy_header() -> Iterator[CheckMessage]:
    header = ostiary_settings.TRUSTED_PROXY_HEADER
    if header not in (X_FORWARDED_FOR, FORWARDED):
        yield Error(
            f"OSTIARY['TRUSTED_PROXY_HEADER'] is {header!r}.",
            hint=f"Write {X_FORWARDED_FOR!r} or {FORWARDED!r}, whichever your proxies set.",
            id="ostiary.E033",
        )


def _wildcard_hosts() -> Iterator[CheckMessage]:
    if "*" in settings.ALLOWED_HOSTS:
        yield Error(
            "ALLOWED_HOSTS allows every host.",
            hint=f"Name the hosts, such as [{_issuer_host()!r}].",
            id="ostiary.E007",
        )


# --- secrets -----------------------------------------------------------------------------------


def _secret_key() -> Iterator[CheckMessage]:
    try:
        key = str(settings.SECRET_KEY)
    except ImproperlyConfigured:
        key = ""
    if not key:
        yield Error("SECRET_KEY is not set.", hint=HOW_TO_MAKE_ONE, id="ostiary.E008")
    elif (
        len(key) < SECRET_KEY_MIN_LENGTH
        or len(set(key)) < SECRET_KEY_MIN_CHARACTERS
        or key.startswith("django-insecure-")
    ):
        yield Error("SECRET_KEY can be guessed.", hint=HOW_TO_MAKE_ONE, id="ostiary.E008")


def _encryption_keys(keys: list[str]) -> Iterator[CheckMessage]:
    if not keys:
        yield Error(
            "OSTIARY['FIELD_ENCRYPTION_KEYS'] is empty.",
            hint=HOW_TO_MAKE_A_KEY,
            id="ostiary.E009",
        )
    seen: set[bytes] = set()
    for number, text in enumerate(keys, start=1):
        name = f"Key {number} of OSTIARY['FIELD_ENCRYPTION_KEYS']"
        try:
            key = parse_key(text)
        except ValueError as problem:
            yield Error(f"{name} {problem}.", hint=HOW_TO_MAKE_A_KEY, id="ostiary.E010")
            continue
        if is_weak(key):
            yield Error(
                f"{name} can be guessed: it isn't random.",
                hint=HOW_TO_MAKE_A_KEY,
                id="ostiary.E011",
            )
        if key in seen:
            yield Error(
                f"{name} is listed twice.",
                hint="Keep the first of the two.",
                id="ostiary.E012",
            )
        seen.add(key)


# --- what is named in the settings -------------------------------------------------------------


def _time_zones() -> Iterator[CheckMessage]:
    if not settings.USE_TZ:
        yield Error(
            "USE_TZ is off: when something expires depends on the server's clock settings.",
            hint="Write USE_TZ = True.",
            id="ostiary.E017",
        )


def _places() -> Iterator[CheckMessage]:
    path = ostiary_settings.PLACES_DATABASE
    if not path:
        return
    try:
        places.open_database(path)
    except ImportError:
        yield Error(
            "OSTIARY['PLACES_DATABASE'] is set, and the package that reads it is missing.",
            hint="Install django-ostiary[geo].",
            id="ostiary.E022",
        )
    except (OSError, ValueError) as problem:
        yield Error(
            f"OSTIARY['PLACES_DATABASE'] can't be read: {problem}.",
            hint="Name a file in MaxMind's format (.mmdb), or leave it empty.",
            id="ostiary.E022",
        )


def _tombstone_file() -> Iterator[CheckMessage]:
    """Without it every erasure would stop at its first step, and be tried again for ever."""
    path = ostiary_settings.TOMBSTONE_FILE
    if path and (problem := tombstone_file.why_not_writable(path)):
        yield Error(
            f"OSTIARY['TOMBSTONE_FILE'] is {path!r}, which can't be written: {problem}.",
            hint="Name a file that this process may write, on a disk that outlives the database.",
            id="ostiary.E023",
        )


def _regions() -> Iterator[CheckMessage]:
    for problem in configured.problems():
        yield Error(
            f"OSTIARY: {problem}.",
            hint='Write REGION = "eu", REGIONS = {"eu": {"url": "https://eu.id.example.com"}, …}.',
            id="ostiary.E032",
        )


def _mail_provider() -> Iterator[CheckMessage]:
    if problem := mail_provider.what_is_missing():
        yield Error(
            f"Mail can't be sent: {problem}.",
            hint="On the reference site it is a variable of the environment that begins ANYMAIL_.",
            id="ostiary.E024",
        )


def _mail_reports() -> Iterator[CheckMessage]:
    if problem := mail_provider.why_no_reports():
        yield Warning(
            f"Reports of the mail provider aren't accepted: {problem}. Users don't "
            "hear when emails to them bounce.",
            hint="Give it a secret: on the reference site as ANYMAIL_WEBHOOK_SECRET.",
            id="ostiary.W004",
        )


def _counted_by_each_process() -> Iterator[CheckMessage]:
    if ostiary_settings.THROTTLE_STORAGE.startswith("memory:"):
        yield Warning(
            "Attempts are counted in the memory of each process, so each has its own limits.",
            hint="Set OSTIARY['THROTTLE_STORAGE'] to \"database://\" or a Redis address.",
            id="ostiary.W001",
        )


def _throttles() -> Iterator[CheckMessage]:
    try:
        throttling.storage_at(ostiary_settings.THROTTLE_STORAGE)
    except (ConfigurationError, ImportError, TypeError, ValueError):
        scheme = ostiary_settings.THROTTLE_STORAGE.split(":")[0]  # the rest may hold a password
        yield Error(
            f"OSTIARY['THROTTLE_STORAGE'] is of an unknown kind: {scheme!r}.",
            hint='Write "database://", "memory://" or a Redis address such as redis://redis:6379/0.',
            id="ostiary.E020",
        )
    for name, limits in ostiary_settings.THROTTLES.items():
        if name not in throttling.DEFAULT_LIMITS:
            yield Error(
                f"OSTIARY['THROTTLES'] limits {name!r}, which isn't a known action.",
                hint=f"Known: {', '.join(sorted(throttling.DEFAULT_LIMITS))}.",
                id="ostiary.E021",
            )
        for key, text in limits.items():
            if key not in throttling.KEYS:
                yield Error(
                    f"OSTIARY['THROTTLES'][{name!r}] counts by {key!r}, which is not known.",
                    hint=f"Count by {', '.join(throttling.KEYS)}.",
                    id="ostiary.E021",
                )
            try:
                throttling.windows(text)
            except ValueError:
                yield Error(
                    f"OSTIARY['THROTTLES'][{name!r}][{key!r}] is {text!r}, which isn't a limit.",
                    hint='Write for example "10/minute; 100/day".',
                    id="ostiary.E021",
                )


def _operators() -> Iterator[CheckMessage]:
    if ostiary_settings.SUPPORT_RECOVERY_OPERATORS > 2:
        yield Error(
            "OSTIARY['SUPPORT_RECOVERY_OPERATORS'] is more than 2.",
            hint="Write 1, or 2.",
            id="ostiary.E034",
        )
