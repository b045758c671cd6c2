"""The register of signed-in sessions: begun at sign-in, checked at every use, ended at once.

Works over any server-side session engine. The register's row decides: a session whose row has
ended is anonymous at the next request, on every worker, whatever the engine still holds.
"""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from importlib import import_module
from typing import Any

from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, get_user_model, load_backend, logout
from django.contrib.auth.backends import ModelBackend, RemoteUserBackend
from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.db import transaction
from django.db.models import Q, QuerySet, UUIDField
from django.db.models.signals import post_save
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from . import assurance, events, person_at_hand, places, prepared
from .client_address import client_ip, network_of
from .conf import ostiary_settings
from .device import describe
from .models import Session
from .notifications import notify
from .prepared import Parameter
from .signals import session_ended

CLEAR_SITE_DATA = '"cache"'
"""Pages of the account must not come back with the browser's back button. Cookies are left: the
session's is dead already, and a language choice is nobody's secret."""


def limits_of(session: Session) -> tuple[datetime, datetime]:
    """When the session ends if unused from now on (idle), and when in any case (absolute)."""
    if session.remembered:
        idle = absolute = ostiary_settings.REMEMBERED_SESSION_SECONDS
    else:
        idle = ostiary_settings.SESSION_IDLE_SECONDS
        absolute = ostiary_settings.SESSION_ABSOLUTE_SECONDS
    return (
        session.last_seen_at + timedelta(seconds=idle),
        session.created_at + timedelta(seconds=absolute),
    )


def expired() -> Q:
    """Live sessions that are past one of their limits."""
    now = timezone.now()
    idle = now - timedelta(seconds=ostiary_settings.SESSION_IDLE_SECONDS)
    absolute = now - timedelta(seconds=ostiary_settings.SESSION_ABSOLUTE_SECONDS)
    remembered = now - timedelta(seconds=ostiary_settings.REMEMBERED_SESSION_SECONDS)
    return Q(ended_at__isnull=True) & (
        Q(remembered=False) & (Q(last_seen_at__lte=idle) | Q(created_at__lte=absolute))
        | Q(remembered=True) & (Q(last_seen_at__lte=remembered) | Q(created_at__lte=remembered))
    )


def start(
    request: HttpRequest, user: Any, amr: Iterable[str], *, remember: bool = False
) -> Session:
    """Register the session that ``django.contrib.auth.login`` has just made; write its assurance.

    A person who was signed in already and proves again who they are keeps their ``sid``: the row
    is moved to a new session key and its methods replaced by what was shown now.
    """
    now = timezone.now()
    known = request.session.get(assurance.SESSION_KEY)
    session = None
    if known:
        session = Session.objects.filter(pk=known["sid"], user=user, ended_at__isnull=True).first()
    if session is not None:
        request.session.cycle_key()  # Django's login leaves the key of the same person as it is
    elif request.session.session_key is None:
        request.session.save()
    facts = {
        "session_key": request.session.session_key,
        "amr": list(assurance.normalized_amr(amr)),
        "authenticated_at": now,
        "last_seen_at": now,
    }
    if session is None:
        session = Session.objects.create(
            user=user,
            created_at=now,
            remembered=remember,
            ip_address=client_ip(request) or None,
            user_agent=request.META.get("HTTP_USER_AGENT", "").replace("\x00", "")[:400],
            **facts,
        )
        if ostiary_settings.MAX_SESSIONS_PER_PERSON:
            _end_oldest(user, ostiary_settings.MAX_SESSIONS_PER_PERSON)
    else:
        for name, value in facts.items():
            setattr(session, name, value)
        session.save(update_fields=list(facts))  # if it has just been ended, it stays so
        request.ostiary_session = session  # type: ignore[attr-defined]
    assurance.write(
        request,
        assurance.Assurance(
            amr=tuple(session.amr),
            auth_time=int(now.timestamp()),
            sid=str(session.pk),
            authentication_id=secrets.token_urlsafe(8),
        ),
    )
    # The session cookie lives as long as the register's own absolute limit, or until the browser
    # closes; the register's limits decide in either case.
    request.session.set_expiry(
        ostiary_settings.REMEMBERED_SESSION_SECONDS if session.remembered else 0
    )
    return session


def _end_oldest(user: Any, most: int) -> None:
    """End all but the newest ``most`` sessions of the person, and tell them.

    The person is locked, so that of sign-ins at once the last sees all.
    """
    with transaction.atomic():
        get_user_model()._default_manager.select_for_update().get(pk=user.pk)
        live = Session.objects.filter(user=user, ended_at__isnull=True).exclude(expired())
        for session in live.order_by("-created_at", "-pk")[most:]:
            if end(session, "limit"):
                device = describe(session.user_agent)
                notify(user, "session_limit", {"device": device, "most": str(most)})


def end(session: Session, reason: str) -> bool:
    """End a session everywhere, at once. Returns whether it was still live.

    ``reason`` is a short word for the log, such as ``signout``, ``operator``, ``password``.
    """
    with transaction.atomic():
        ended = Session.objects.filter(pk=session.pk, ended_at__isnull=True).update(
            ended_at=timezone.now(), end_reason=reason
        )
        if not ended:
            return False
        session.refresh_from_db()
        told = session_ended.send(Session, session=session, reason=reason)
        session.frames = [address for _, addresses in told for address in addresses or []]
        # The row above is what decides; the engine may be down, or the transaction rolled back.
        # (No partial: Django 5.2 names a callback that failed by its __qualname__.)
        key = session.session_key
        transaction.on_commit(lambda: delete_data(key), robust=True)
    return True


def delete_data(session_key: str) -> None:
    """Delete what the session engine holds under this key, wherever that is."""
    import_module(settings.SESSION_ENGINE).SessionStore(session_key).delete()


def end_all(user: Any, reason: str, *, keep_sid: str | uuid.UUID | None = None) -> int:
    """End every live session of a person, except ``keep_sid``. Returns how many were ended."""
    live = Session.objects.filter(user=user, ended_at__isnull=True)
    if keep_sid:
        live = live.exclude(pk=keep_sid)
    return sum(end(session, reason) for session in live)


def _is_live() -> QuerySet[Session]:
    return Session.objects.filter(pk=Parameter("sid", UUIDField()), ended_at__isnull=True)


_live = prepared.Select(Session, _is_live)
_live_with_person = prepared.Select(Session, lambda: _is_live().select_related("user"))


def live_session(sid: str, *, with_person: bool = False) -> Session | None:
    """The session of this ``sid`` if it is neither ended nor past its limits (one statement).

    One that is past its limits ends now. ``with_person`` reads its ``user`` too.
    """
    session = (_live_with_person if with_person else _live).first(sid=sid)
    if session is not None and timezone.now() >= min(limits_of(session)):
        end(session, "expired")
        return None
    return session


def touch(session: Session) -> bool:
    """Note that the session is in use: at most one statement per ``SESSION_TOUCH_SECONDS``.

    Returns whether that was due.
    """
    now = timezone.now()
    if now - session.last_seen_at < timedelta(seconds=ostiary_settings.SESSION_TOUCH_SECONDS):
        return False
    Session.objects.filter(pk=session.pk, ended_at__isnull=True).update(last_seen_at=now)
    return True


def _note_network(request: HttpRequest, session: Session) -> None:
    """Log that a session goes on in another network: people move, so it is told and not punished.

    Of many requests at once the one that changes the row writes the event.
    """
    before, after = session.ip_address or "", client_ip(request)
    if not after or network_of(before) == network_of(after):
        return
    with transaction.atomic():
        unchanged = Session.objects.filter(pk=session.pk, ip_address=session.ip_address)
        if not unchanged.update(ip_address=after):
            return
        was, now_in = places.place_of(before), places.place_of(after)
        events.record(
            "session.moved",
            user=session.user,
            request=request,
            details={"country_changed": bool(was and now_in and was.country != now_in.country)},
            personal={"before": before, "sid": str(session.pk)},
        )


class SessionRegisterMiddleware:
    """Makes ``request.user`` anonymous when the register says that the session is over.

    Stands after Django's ``AuthenticationMiddleware``. It is as lazy as that: a request that never
    looks at ``request.user`` costs no statement. The answer to one that signs somebody out, on
    whichever page, says ``Clear-Site-Data`` (SECURITY C10).
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        authenticated = request.user
        registered = SimpleLazyObject(lambda: _registered(request, authenticated))

        async def auser() -> Any:
            # Another user may have been set since: by a sign-in in this very request.
            return await sync_to_async(_evaluated)(request.user)

        request.user = registered  # type: ignore[assignment]
        request.auser = auser  # type: ignore[method-assign]
        response = self.get_response(request)
        _follow_key(request)
        if hasattr(request, "ostiary_signed_out"):
            response["Clear-Site-Data"] = CLEAR_SITE_DATA
        return response


def _evaluated(user: Any) -> Any:
    bool(user)  # makes a lazy one look itself up
    return user


def _registered(request: HttpRequest, user: Any) -> Any:
    """``user`` if the register has their session, else nobody."""
    known = request.session.get(assurance.SESSION_KEY)  # before Django may drop the session
    together = person_at_hand.is_wanted()
    session = live_session(known["sid"], with_person=together) if known else None
    with person_at_hand.holding(session.user if session and together else None):
        is_authenticated = user.is_authenticated  # now Django looks them up
    if not is_authenticated:
        if known:  # the person is switched off, or their password is another now
            _end_sid(known["sid"], "revoked")
            request.session.flush()
        return user
    # A key that was given up is worth nothing, though a cache that was away still has its data.
    key = request.session.session_key
    if session is None or session.user_id != user.pk or session.session_key != key:
        request.session.flush()
        return AnonymousUser()
    request.ostiary_session = session  # type: ignore[attr-defined]
    if touch(session):
        _note_network(request, session)
    return user


def _follow_key(request: HttpRequest) -> None:
    """Note a new key of the session, such as Django gives it when a password is changed."""
    session: Session | None = getattr(request, "ostiary_session", None)
    if session is None:
        return
    known, key = request.session.get(assurance.SESSION_KEY), request.session.session_key
    if known and known["sid"] == str(session.pk) and key not in (None, session.session_key):
        Session.objects.filter(pk=session.pk).update(session_key=key)


def _end_sid(sid: str, reason: str) -> Session:
    session = Session(pk=sid)  # `end` reads the rest, of one that was still live
    end(session, reason)
    return session


def _on_logged_in(sender: Any, request: HttpRequest | None, user: Any, **_: Any) -> None:
    """Register sign-ins that did not come through ``signin``, such as a host's own LoginView."""
    if request is None or getattr(request, "ostiary_signin", False):
        return
    backend = load_backend(request.session[BACKEND_SESSION_KEY])
    by_password = isinstance(backend, ModelBackend) and not isinstance(backend, RemoteUserBackend)
    start(request, user, ["pwd"] if by_password else [])


def _on_logged_out(sender: Any, request: HttpRequest | None, **_: Any) -> None:
    known = request.session.get(assurance.SESSION_KEY) if request is not None else None
    if known:
        request.ostiary_signed_out = _end_sid(known["sid"], "signout")  # type: ignore[union-attr]


def _on_user_saved(
    sender: Any, instance: Any, update_fields: frozenset[str] | None = None, **_: Any
) -> None:
    """A person who is switched off is signed out (SECURITY C6, H6)."""
    told = update_fields is None or "is_active" in update_fields
    if told and not getattr(instance, "is_active", True):
        end_all(instance, "disabled")


def sign_out(request: HttpRequest) -> Sequence[str]:
    """End this browser's session, in the register and in the engine.

    Returns what the page that follows is to load in hidden frames (``signed_out_page``).
    """
    logout(request)
    ended: Session | None = getattr(request, "ostiary_signed_out", None)
    return ended.frames if ended else ()


def connect() -> None:
    """Listen to Django's signals (called once, when the app is ready)."""
    user_logged_in.connect(_on_logged_in, dispatch_uid="ostiary.sessions.logged_in")
    user_logged_out.connect(_on_logged_out, dispatch_uid="ostiary.sessions.logged_out")
    post_save.connect(
        _on_user_saved,
        sender=settings.AUTH_USER_MODEL,
        dispatch_uid="ostiary.sessions.user_saved",
    )
