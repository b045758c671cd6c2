"""What is known about how a session was authenticated: ``amr``, ``acr`` and ``auth_time``.

The facts are the ``amr`` values (RFC 8176) that the person's browser really showed; the assurance
level is derived from them, so that it can't be claimed by mistake.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Concatenate, ParamSpec
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import resolve_url
from django.utils import timezone

from .conf import ostiary_settings
from .email_addresses import canonical

SESSION_KEY = "ostiary.assurance"

P = ParamSpec("P")

KNOWLEDGE = frozenset({"pwd", "pin", "kba"})
POSSESSION = frozenset({"otp", "sms", "hwk", "swk", "sc", "mca", "tel"})


class Level(Enum):
    """Assurance levels, weakest first (NIST SP 800-63B-4; ``phr`` means phishing-resistant)."""

    AAL1 = "urn:ostiary:aal1"
    AAL2 = "urn:ostiary:aal2"
    AAL2_PHR = "urn:ostiary:aal2:phr"

    @property
    def rank(self) -> int:
        """0 for the weakest."""
        return list(Level).index(self)

    def satisfies(self, wanted: Level) -> bool:
        """Whether this level is at least ``wanted``."""
        return self.rank >= wanted.rank


HARDWARE_BOUND = "phrh"
WITHOUT_SMS = "urn:ostiary:aal2:no-sms"
"""Two factors, neither of them a text message: for clients that don't take those."""
# RFC 9470 and the OIDC EAP profile name the phishing-resistant classes so.
ACR_ALIASES = {"phr": Level.AAL2_PHR, HARDWARE_BOUND: Level.AAL2_PHR, WITHOUT_SMS: Level.AAL2}


def level_of(amr: Iterable[str]) -> Level:
    """The level that these ``amr`` values prove.

    A key that the authenticator released only after verifying its user (``hwk`` or ``swk`` with
    ``user``, ``pin``, ``fpt`` or ``face``), or a key beside a password, resists phishing; two
    different kinds of factor make AAL2; all else is AAL1.
    """
    values = frozenset(amr)
    if values & {"hwk", "swk"} and values & {"user", "pin", "fpt", "face", "pwd"}:
        return Level.AAL2_PHR
    if values & KNOWLEDGE and values & POSSESSION:
        return Level.AAL2
    return Level.AAL1


def parse_acr(value: str) -> Level | None:
    """The level that an ``acr`` value names, ``None`` for one that we don't know."""
    if value in ACR_ALIASES:
        return ACR_ALIASES[value]
    try:
        return Level(value)
    except ValueError:
        return None


@dataclass(frozen=True)
class Assurance:
    """How a session was authenticated. ``auth_time`` is in seconds since 1970.

    ``authentication_id`` is new at every authentication: who waits for the person to prove again
    who they are compares it, where two sign-ins within a second would look the same.
    """

    amr: tuple[str, ...]
    auth_time: int
    sid: str = ""
    authentication_id: str = ""

    @property
    def level(self) -> Level:
        """The level that the ``amr`` values prove."""
        return level_of(self.amr)

    @property
    def acr(self) -> str:
        """The level in our own vocabulary, for the ``acr`` claim."""
        return self.level.value

    def satisfies(self, acr: str) -> bool:
        """Whether this meets a requested ``acr`` value; an unknown one is never met."""
        wanted = parse_acr(acr)
        shown = [value for value in self.amr if acr != WITHOUT_SMS or value != "sms"]
        if wanted is None or not level_of(shown).satisfies(wanted):
            return False
        return acr != HARDWARE_BOUND or "hwk" in self.amr

    def answer(self, acr_values: Sequence[str]) -> str:
        """The ``acr`` to report: the first requested value that is met, else our own name."""
        return next((acr for acr in acr_values if self.satisfies(acr)), self.acr)

    def is_fresh(self, max_age: int) -> bool:
        """Whether the person authenticated within the last ``max_age`` seconds."""
        return timezone.now().timestamp() - self.auth_time <= max_age


def normalized_amr(amr: Iterable[str]) -> tuple[str, ...]:
    """The values once each, in the order shown, with ``mfa`` added where they make two factors."""
    values = [value for value in dict.fromkeys(amr) if value != "mfa"]
    if level_of(values) is not Level.AAL1:
        values.append("mfa")
    return tuple(values)


def current(request: HttpRequest) -> Assurance | None:
    """The assurance of the signed-in session, ``None`` for anonymous visitors.

    A sign-in that is still pending is not a session: it has no assurance.
    """
    stored = request.session.get(SESSION_KEY) if hasattr(request, "session") else None
    if not stored or not request.user.is_authenticated:
        return None
    return Assurance(**{**stored, "amr": tuple(stored["amr"])})


def write(request: HttpRequest, assurance: Assurance) -> None:
    """Keep the assurance in the session, beside Django's own sign-in keys."""
    request.session[SESSION_KEY] = {
        "amr": list(assurance.amr),
        "auth_time": assurance.auth_time,
        "sid": assurance.sid,
        "authentication_id": assurance.authentication_id,
    }


def signin_url(next_url: str, *, acr: str = "", login_hint: str = "") -> str:
    """Where a visitor signs in and returns to ``next_url``; who is signed in by then, in another
    tab, goes on at once."""
    return _signin_url(next=next_url, acr_values=acr, login_hint=login_hint)


def reauthentication_url(next_url: str, *, acr: str = "", login_hint: str = "") -> str:
    """Where a signed-in person proves again who they are, and returns to ``next_url``."""
    return _signin_url(next=next_url, reauthenticate="1", acr_values=acr, login_hint=login_hint)


def other_account_url(next_url: str) -> str:
    """Where a signed-in person signs in to another account, and goes on to ``next_url``."""
    return _signin_url(next=next_url, reauthenticate="1", another="1")


def _signin_url(**query: str) -> str:
    given = {name: value for name, value in query.items() if value}
    return f"{resolve_url(settings.LOGIN_URL)}?{urlencode(given)}"


def names_another(name: str, user: Any) -> bool:
    """Whether ``name``, as of a ``login_hint``, is one and not that of ``user``."""
    names = {canonical(str(known)) for known in (user.get_username(), getattr(user, "email", ""))}
    return bool(name.strip()) and canonical(name) not in names


def is_to_confirm(request: HttpRequest) -> bool:
    """Whether a sign-in page has work for who is signed in: they are to prove again who they are,
    or somebody else is expected."""
    if not request.user.is_authenticated:
        return False
    return expects_another(request) or "reauthenticate" in request.GET


def expects_another(request: HttpRequest) -> bool:
    """Whether a sign-in page waits for somebody else than who is signed in: whom an application
    names, or another account of theirs that they chose to use."""
    hinted = request.GET.get("login_hint", "")
    return "another" in request.GET or names_another(hinted, request.user)


def step_up(
    acr: Level = Level.AAL1, max_age: int | None = None
) -> Callable[
    [Callable[Concatenate[HttpRequest, P], HttpResponse]],
    Callable[Concatenate[HttpRequest, P], HttpResponse],
]:
    """View decorator: demand an authentication of at least ``acr``, at most ``max_age`` s old.

    ``max_age=None`` takes ``OSTIARY["STEP_UP_SECONDS"]``. Who doesn't meet it is sent to sign in
    again and comes back to the same address; a form that was being sent must be sent again.
    """

    def decorate(
        view: Callable[Concatenate[HttpRequest, P], HttpResponse],
    ) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
        @functools.wraps(view)
        def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            limit = ostiary_settings.STEP_UP_SECONDS if max_age is None else max_age
            assurance = current(request)
            if assurance and assurance.level.satisfies(acr) and assurance.is_fresh(limit):
                return view(request, *args, **kwargs)
            wanted = "" if acr is Level.AAL1 else acr.value
            url = reauthentication_url if assurance else signin_url
            return HttpResponseRedirect(url(request.get_full_path(), acr=wanted))

        return guarded

    return decorate
