"""The sign-in in progress.

A first factor *begins* a sign-in. Until every step that policy asks for has passed, it is held in
the session as *pending*: ``request.user`` stays anonymous, and nothing but the step pages can use
it. Only ``complete`` calls ``django.contrib.auth.login``, with a rotated session key.

Every way in ends here, so there is one gate for policy and none beside it.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Protocol
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth import get_user_model, load_backend, login
from django.contrib.auth.models import AbstractBaseUser
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render, resolve_url
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.module_loading import import_string

from . import assurance, events, hooks, known_device, sessions, visits
from . import risk as risks
from .conf import ostiary_settings
from .models import Session
from .signals import signin_completed

log = logging.getLogger(__name__)

SESSION_KEY = "ostiary.pending_signin"
REPLACED_KEY = "ostiary.replaced_signin"
"""Says that a sign-in of this browser took the place of another person's that was in progress."""
NEXT_URL_MAX_LENGTH = 8000
"""What every server and proxy takes (RFC 9110 §4.1)."""


@dataclass(frozen=True)
class PendingSignIn:
    """A sign-in that has passed its first factor. ``started_at`` is in seconds since 1970."""

    user_id: str
    backend: str
    credential_hash: str
    amr: tuple[str, ...]
    passed: tuple[str, ...]
    next_url: str
    acr_values: tuple[str, ...]
    remember: bool
    started_at: float
    risk: dict[str, int] = field(default_factory=dict)
    """What looked unusual, each reason with its weight (``risk.Assessment.reasons``)."""

    @property
    def assessment(self) -> risks.Assessment:
        """How unusual the sign-in looked when it was begun."""
        return risks.Assessment(self.risk)


class SignInStep(Protocol):
    """Something that a sign-in must pass, named by dotted path in ``OSTIARY["SIGNIN_STEPS"]``."""

    name: str
    """Unique, and short: it is kept in the session once passed."""

    def is_required(
        self, request: HttpRequest, user: AbstractBaseUser, pending: PendingSignIn
    ) -> bool:
        """Whether this person, in this sign-in, has to pass the step."""

    def url(self, request: HttpRequest) -> str:
        """The page of the step. It calls ``advance`` once passed."""


def steps() -> list[SignInStep]:
    """The steps that this site asks for, in order."""
    return [import_string(path)() for path in ostiary_settings.SIGNIN_STEPS]


def _credential_hash(user: AbstractBaseUser) -> str:
    """Changes with the password, and with it the pending sign-in that was begun on it dies."""
    return salted_hmac("ostiary.signin", user.password, algorithm="sha256").hexdigest()


def safe_next_url(request: HttpRequest, url: str | None) -> str:
    """``url`` if it leads back into this site, else ``""`` (SECURITY A10).

    Control characters, which no address holds and no database stores alike, are refused.
    """
    if (
        url
        and len(url) <= NEXT_URL_MAX_LENGTH
        and url.isprintable()
        and url_has_allowed_host_and_scheme(
            url, allowed_hosts={request.get_host()}, require_https=request.is_secure()
        )
    ):
        return url
    return ""


def begin(
    request: HttpRequest,
    user: AbstractBaseUser,
    *,
    amr: Iterable[str],
    backend: str = "",
    next_url: str = "",
    acr_values: Sequence[str] = (),
    remember: bool = False,
    signals: Iterable[str] = (),
) -> HttpResponse:
    """Take a proven first factor; answer with the next step's page, or complete at once.

    ``amr`` holds the RFC 8176 values that were just shown; ``signals`` name what the way in noticed
    and rules of risk may weigh, such as ``breached_password``. An earlier pending sign-in in this
    browser is thrown away whole, so that nothing of it leaks into this one. An anonymous visitor's
    session key is rotated already here, if the sign-in has to wait for a step.
    """
    earlier = request.session.pop(SESSION_KEY, None)
    if earlier and earlier["user_id"] != str(user.pk):
        request.session[REPLACED_KEY] = True
    amr = tuple(amr)
    assessment = risks.assess(request, user, signals, amr=amr)
    if assessment.decision is risks.Decision.STEP_UP:
        events.record(
            "signin.unusual", user=user, request=request, details={"risk": assessment.told()}
        )
    progress = PendingSignIn(
        user_id=str(user.pk),
        backend=backend or getattr(user, "backend", settings.AUTHENTICATION_BACKENDS[0]),
        credential_hash=_credential_hash(user),
        amr=amr,
        passed=(),
        next_url=safe_next_url(request, next_url),
        acr_values=tuple(acr_values),
        remember=remember,
        started_at=time.time(),
        risk=dict(assessment.reasons),
    )
    if not _may_sign_in(user, progress):
        return HttpResponseRedirect(resolve_url(settings.LOGIN_URL))
    _store(request, progress)
    answer = _continue(request, user, progress)
    if SESSION_KEY in request.session and not request.user.is_authenticated:
        request.session.cycle_key()
        visits.note(request.session.session_key, progress.user_id)
    return answer


def _may_sign_in(user: AbstractBaseUser, progress: PendingSignIn) -> bool:
    """Whether the backend lets the person in, who may be switched off (SECURITY H6)."""
    backend = load_backend(progress.backend)
    if hasattr(backend, "user_can_authenticate"):  # the person was read just now
        return bool(backend.user_can_authenticate(user))
    return backend.get_user(user.pk) is not None


def pending(request: HttpRequest) -> tuple[PendingSignIn, AbstractBaseUser] | None:
    """The pending sign-in of this browser and its person, ``None`` when there is none.

    One that has expired, or whose person was disabled or changed their password, is dropped.
    """
    stored: dict[str, Any] | None = request.session.get(SESSION_KEY)
    if not stored:
        return None
    kept: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in stored.items()
    }
    found = PendingSignIn(**kept)
    user = load_backend(found.backend).get_user(get_user_model()._meta.pk.to_python(found.user_id))
    expired = time.time() - found.started_at > ostiary_settings.PENDING_SIGNIN_SECONDS
    if (
        expired
        or user is None
        or not constant_time_compare(found.credential_hash, _credential_hash(user))
    ):
        abandon(request)
        return None
    return found, user


def advance(request: HttpRequest, step: str, *, amr: Iterable[str] = ()) -> HttpResponse:
    """Note that ``step`` has passed, with the ``amr`` it proved; answer with what comes next.

    It leads to where this tab was going: another one may have begun the sign-in anew. Without a
    pending sign-in the person is sent to begin again.
    """
    found = pending(request)
    if found is None:
        return go_on(request)
    progress, user = found
    progress = replace(
        progress,
        amr=(*progress.amr, *amr),
        passed=(*progress.passed, step),
        next_url=safe_next_url(request, request.GET.get("next")) or progress.next_url,
    )
    _store(request, progress)
    return _continue(request, user, progress)


def go_on(request: HttpRequest) -> HttpResponse:
    """The answer to a page of a step that has no sign-in to go on with: to the sign-in page, and by
    it to where this tab was going, if the person has signed in in another one meanwhile. In place
    of another person nobody is led there."""
    address = resolve_url(settings.LOGIN_URL)
    wanted = safe_next_url(request, request.GET.get("next"))
    if wanted and not took_anothers_place(request):
        address += f"?{urlencode({'next': wanted})}"
    return HttpResponseRedirect(address)


def took_anothers_place(request: HttpRequest) -> bool:
    """Whether another person was about to sign in in this browser when somebody else did: a tab of
    it that doesn't say for whom it waits may wait for them."""
    return REPLACED_KEY in request.session


def password_changed(request: HttpRequest, user: AbstractBaseUser) -> None:
    """Keep the pending sign-in alive whose own person has just changed their password in it."""
    stored = request.session.get(SESSION_KEY)
    if stored and stored["user_id"] == str(user.pk):
        request.session[SESSION_KEY] = {**stored, "credential_hash": _credential_hash(user)}


def abandon(request: HttpRequest) -> None:
    """Forget the pending sign-in."""
    request.session.pop(SESSION_KEY, None)


def _store(request: HttpRequest, progress: PendingSignIn) -> None:
    request.session[SESSION_KEY] = asdict(progress)


def _continue(
    request: HttpRequest, user: AbstractBaseUser, progress: PendingSignIn
) -> HttpResponse:
    for step in steps():
        if step.name not in progress.passed and step.is_required(request, user, progress):
            return HttpResponseRedirect(_with_next(step.url(request), progress.next_url))
    try:
        _ask_hooks(request, user, progress)
    except hooks.SignInRefused as refused:
        return _refuse(request, user, refused)
    _complete(request, user, progress)
    response = HttpResponseRedirect(progress.next_url or resolve_url(settings.LOGIN_REDIRECT_URL))
    known_device.remember(request, response, user)
    return response


def _ask_hooks(request: HttpRequest, user: AbstractBaseUser, pending: PendingSignIn) -> None:
    """Raises ``SignInRefused``, also for a hook that fails."""
    for path in ostiary_settings.BEFORE_SIGNIN_HOOKS:
        try:
            hooks.load(path)(request, user, pending)
        except hooks.SignInRefused as refused:
            refused.hook = path
            raise
        except Exception as problem:
            log.exception("The hook %s failed: the sign-in is refused.", path)
            failed = hooks.SignInRefused()
            failed.hook = path
            raise failed from problem


def _with_next(address: str, next_url: str) -> str:
    """The page of a step, which knows where its tab is going: the tabs of a browser share the
    sign-in that is pending."""
    if not next_url:
        return address
    return f"{address}{'&' if '?' in address else '?'}{urlencode({'next': next_url})}"


def _refuse(request: HttpRequest, user: Any, refused: hooks.SignInRefused) -> HttpResponse:
    abandon(request)
    events.record(
        "signin.refused",
        user=user,
        request=request,
        outcome="failure",
        details={"hook": refused.hook},
        personal={"reason": str(refused)},
    )
    told = {"reason": str(refused), "signin_url": resolve_url(settings.LOGIN_URL)}
    return render(request, "ostiary/signin_refused.html", told, status=403)


def _complete(request: HttpRequest, user: Any, progress: PendingSignIn) -> Session:
    """Sign the person in: rotate the session key, register the session, write its assurance."""
    abandon(request)
    previous = assurance.current(request)
    if previous and str(request.user.pk) != str(user.pk):
        # Another person was signed in here: their session ends, and nothing of it is kept.
        sessions.sign_out(request)
    request.ostiary_signin = True  # type: ignore[attr-defined]  # start() below knows the methods
    login(request, user, backend=progress.backend)
    session = sessions.start(request, user, progress.amr, remember=progress.remember)
    signin_completed.send(
        Session,
        request=request,
        user=user,
        session=session,
        risk=progress.assessment,
        pending=progress,
    )
    return session
