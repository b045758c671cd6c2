"""Passwords that are in the hands of those who guess: found in breaches of other sites.

The service of ``BREACHED_PASSWORDS_URL`` is asked by k-anonymity: it is told the first five hex
digits of the SHA-1 of a password, and answers with the rest of every hash that begins so, padded
to tell nothing by its length (the range API of Have I Been Pwned). It never sees the password, and
while it is away nobody is kept from anything. ``BREACHED_PASSWORDS_FILE`` is asked first, and goes
on answering: a file of such hashes in their order, read by bisection, however large it is.
"""

from __future__ import annotations

import functools
import hashlib
import logging
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from django.contrib import messages
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.core.signals import setting_changed
from django.db import transaction
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ostiary import events, mail
from ostiary.conf import ostiary_settings
from ostiary.notifications import notify

from .conf import accounts_settings
from .credentials import credential_hash
from .hashing import normalize_password

log = logging.getLogger(__name__)

TIMEOUT_SECONDS = 2.0
PAUSE_SECONDS = 60.0
"""For so long a service that did not answer is left alone, in each process."""
MOST_BYTES = 1_000_000
"""A padded answer has about 60 KB."""
ASKED_AGAIN_SECONDS = 7 * 24 * 3600
"""How long it holds, at sign-ins, that a password was in no breach."""
NOTICED_KEY = "ostiary.breached_password"

_paused_until = 0.0


class ServiceUnavailable(Exception):
    """The service gave no answer that can be read in time."""


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """What the operator did not name is not asked."""

    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        """``None``: the redirect becomes an error."""


@functools.cache
def _opener() -> urllib.request.OpenerDirector:
    """Made when it is first needed: it reads all certificates that the system trusts."""
    return urllib.request.build_opener(_NoRedirects)


def is_on() -> bool:
    """Whether the site has a service or a file to ask."""
    return bool(
        accounts_settings.BREACHED_PASSWORDS_URL or accounts_settings.BREACHED_PASSWORDS_FILE
    )


def is_breached(password: str) -> bool:
    """Whether ``password`` is known from a breach; ``False`` where nobody can tell."""
    digest = hashlib.sha1(
        normalize_password(password).encode("utf-8", "surrogatepass"),
        usedforsecurity=False,
    )
    wanted = digest.hexdigest().upper()
    return _in_file(wanted) or _in_service(wanted)


# --- the service ---------------------------------------------------------------------------------


def _in_service(wanted: str) -> bool:
    global _paused_until
    url = accounts_settings.BREACHED_PASSWORDS_URL
    if not url or time.monotonic() < _paused_until:
        return False
    try:
        return _count(_ask(url, wanted[:5]), wanted[5:]) > 0
    except ServiceUnavailable as error:
        _paused_until = time.monotonic() + PAUSE_SECONDS
        log.warning("The check for breached passwords is paused for a minute: %s", error)
        events.record(
            "password.breach_check_failed", outcome="failure", details={"reason": str(error)}
        )
        return False


def _ask(url: str, prefix: str) -> str:
    """The answer to five digits. Raises ``ServiceUnavailable``."""
    request = urllib.request.Request(  # noqa: S310  (a system check holds the scheme to https)
        url + prefix, headers={"Add-Padding": "true", "User-Agent": "django-ostiary"}
    )
    ends, answer = time.monotonic() + TIMEOUT_SECONDS, b""
    try:
        with _opener().open(request, timeout=TIMEOUT_SECONDS) as response:
            while chunk := response.read1(65536):
                answer += chunk
                if len(answer) > MOST_BYTES or time.monotonic() > ends:
                    raise ServiceUnavailable("the response is too long or too slow")
    except urllib.error.HTTPError as error:
        raise ServiceUnavailable(f"the service answers {error.code}") from None
    except (OSError, ValueError) as error:
        raise ServiceUnavailable(type(error).__name__) from None
    return answer.decode("ascii", "replace")


def _count(answer: str, suffix: str) -> int:
    """How often the hash with this rest was found. Lines that only pad say ``0``."""
    for line in answer.splitlines():
        rest, colon, count = line.strip().partition(":")
        if colon and rest.upper() == suffix:
            return int(count) if count.isdecimal() else 1
    return 0


# --- the file ------------------------------------------------------------------------------------


def _in_file(wanted: str) -> bool:
    path = accounts_settings.BREACHED_PASSWORDS_FILE
    if not path:
        return False
    try:
        return _bisect(Path(path), wanted.encode())
    except OSError as error:
        log.error("The file of breached passwords can't be read: %s", error.strerror)
        return False


def _bisect(path: Path, wanted: bytes) -> bool:
    """Whether a line of the file begins with ``wanted``; its lines are in their order."""
    with path.open("rb") as lines:
        low, high = 0, path.stat().st_size
        while low < high:  # the line that begins at or after `low`, and before `high`
            middle = (low + high) // 2
            lines.seek(max(0, middle - 1))
            if middle:
                lines.readline()
            begins = lines.tell()
            found = lines.readline()[:40].upper()
            if begins >= high or not found or found > wanted:
                high = middle
            elif found == wanted:
                return True
            else:
                low = lines.tell()
    return False


# --- where passwords are chosen ------------------------------------------------------------------


class BreachedPasswordValidator:
    """For ``AUTH_PASSWORD_VALIDATORS``: refuses what is known from a breach (NIST SP 800-63B-4)."""

    def validate(self, password: str, user: Any = None) -> None:
        """Raises ``ValidationError``."""
        if is_on() and is_breached(password):
            raise ValidationError(
                gettext_lazy(
                    "This password has appeared in a data breach. Choose a different one that "
                    "you don’t use anywhere else."
                ),
                code="password_breached",
            )

    def get_help_text(self) -> str:
        """What Django's admin shows beside the field."""
        return _("Your password can’t be one that has appeared in a data breach.")


# --- where they are used -------------------------------------------------------------------------


def notice(request: HttpRequest, user: Any, password: str) -> None:
    """Look at a password that was just right, and note in the session if it is breached.

    The same password is asked about once in ``ASKED_AGAIN_SECONDS``.
    """
    request.session.pop(NOTICED_KEY, None)
    if not is_on():
        return
    mark = credential_hash(user)
    entry = f"ostiary:breached:{mark}"
    found = cache.get(entry)
    if found is None:
        found = is_breached(password)
        if found or time.monotonic() >= _paused_until:  # a service that is away has said nothing
            cache.set(entry, found, ASKED_AGAIN_SECONDS)
        if found:
            _tell(request, user)
    if found:
        request.session[NOTICED_KEY] = mark
        if STEP not in ostiary_settings.SIGNIN_STEPS:
            messages.warning(
                request,
                _(
                    "Your password has appeared in a data breach. Choose a different one in "
                    "your account, under Security."
                ),
            )


def _tell(request: HttpRequest, user: Any) -> None:
    with transaction.atomic():
        events.record("password.breached", user=user, request=request)
        security = mail.absolute_url(reverse("ostiary_accounts:security"))
        notify(user, "password_breached", {"link": security}, request=request)


def was_noticed(request: HttpRequest, user: Any) -> bool:
    """Whether the password by which ``user`` signed in here is breached, and still theirs."""
    return bool(request.session.get(NOTICED_KEY) == credential_hash(user))


class ChangeBreachedPassword:
    """A step for ``OSTIARY["SIGNIN_STEPS"]``: who signs in by a breached password changes it."""

    name = "breached-password"

    def is_required(self, request: HttpRequest, user: Any, pending: Any) -> bool:
        """Whether the password that was just shown is in a breach."""
        return was_noticed(request, user)

    def url(self, request: HttpRequest) -> str:
        """The page of the step."""
        return reverse("ostiary_accounts:change_breached")


STEP = f"{ChangeBreachedPassword.__module__}.{ChangeBreachedPassword.__qualname__}"


def _forget(*, setting: str, **_: Any) -> None:
    global _paused_until
    if setting == "OSTIARY_ACCOUNTS":
        _paused_until = 0.0


setting_changed.connect(_forget)
