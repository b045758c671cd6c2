"""Codes that are sent, by text message or by mail, and typed into the page that asked for them.

A code lives ten minutes, may be tried five times, works once, and only in the sign-in or session
that asked for it (SECURITY D2). A newer one of the same page takes its place.
"""

from __future__ import annotations

import math
import secrets
from datetime import timedelta
from typing import Any

from django.db.models import F, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac

from ostiary import assurance, signin, throttling

from .models import FactorDevice, Phone, SentCode, TextMessage
from .typed_code import normal

DIGITS = 6
LIFETIME = timedelta(minutes=10)
MOST_TRIES = 5
PAUSE_SECONDS = 30
"""For so long the page that asked for a code asks for no other."""

SIGNIN, SETUP = "signin", "setup"
Channel = SentCode.Channel


def new_code() -> str:
    """Six random digits."""
    return f"{secrets.randbelow(10**DIGITS):0{DIGITS}}"


def pause(request: HttpRequest, to: str) -> None:
    """Take the browser's turn to have a code sent to ``to``. Raises ``Throttled`` before its pause
    is over.

    Call it outside ``transaction.atomic``.
    """
    if throttling.count(PAUSE_SECONDS, f"code for {to} {session_of(request)}")[0] > 1:
        raise throttling.Throttled(PAUSE_SECONDS)


def session_of(request: HttpRequest) -> str:
    """What a browser's tries are counted by."""
    return request.session.session_key or ""


def seconds_left(asked: SentCode) -> int:
    """In how many seconds another code can be asked for; 0 for now."""
    over = timezone.now() - asked.created_at
    return max(0, math.ceil(PAUSE_SECONDS - over.total_seconds()))


def write(
    request: HttpRequest,
    user: Any,
    code: str,
    *,
    channel: str,
    purpose: str,
    phone: Phone | None = None,
    text_message: TextMessage | None = None,
) -> SentCode:
    """Keep the hash of a code that is being sent, in the caller's transaction."""
    now = timezone.now()
    asked = SentCode(
        user=user,
        channel=channel,
        purpose=purpose,
        phone=phone,
        text_message=text_message,
        bound_to=_bound_to(request, user, purpose),
        created_at=now,
        expires_at=now + LIFETIME,
    )
    asked.code_hash = _hash(asked, code)
    asked.save(force_insert=True)
    name = _session_key(channel, purpose)
    before: Any = request.session.get(name)
    SentCode.objects.filter(pk=before).delete()
    request.session[name] = str(asked.pk)
    return asked


def asked_here(request: HttpRequest, user: Any, channel: str, purpose: str) -> SentCode | None:
    """What was sent for this sign-in or session, whether or not it was tried too often."""
    return _asked(request, user, channel, purpose).select_related("phone", "text_message").first()


def redeem(
    request: HttpRequest, user: Any, channel: str, purpose: str, typed: str
) -> SentCode | None:
    """What the code was asked for; ``None`` if it is wrong, spent, expired or another sign-in's.

    Each look spends a try before it looks, and of parallel right ones one deletes the row.
    """
    asked = asked_here(request, user, channel, purpose)
    here = _asked(request, user, channel, purpose).filter(tries__lt=MOST_TRIES)
    if asked is None or not here.update(tries=F("tries") + 1):
        return None
    if not constant_time_compare(asked.code_hash, _hash(asked, normal(typed))):
        return None
    taken, _ = SentCode.objects.filter(pk=asked.pk).delete()
    return asked if taken else None


def used(device: FactorDevice) -> None:
    """Note when it last let the person in."""
    type(device)._default_manager.filter(pk=device.pk).update(last_used_at=timezone.now())


def _asked(request: HttpRequest, user: Any, channel: str, purpose: str) -> QuerySet[SentCode]:
    key: Any = request.session.get(_session_key(channel, purpose))
    return SentCode.objects.filter(
        pk=key,
        user=user,
        channel=channel,
        purpose=purpose,
        bound_to=_bound_to(request, user, purpose),
        expires_at__gt=timezone.now(),
    )


def _session_key(channel: str, purpose: str) -> str:
    return f"ostiary.mfa.sent_code.{channel}.{purpose}"


def _bound_to(request: HttpRequest, user: Any, purpose: str) -> str:
    """The sign-in in progress that asks, or, where a signed-in person sets up, the session."""
    session, pending = assurance.current(request), signin.pending(request)
    if purpose == SETUP and session is not None:
        what = f"session {session.sid}"
    else:
        what = f"signin {pending[0].started_at if pending else ''}"
    return salted_hmac("ostiary.mfa.bound_to", f"{user.pk} {what}", algorithm="sha256").hexdigest()


def _hash(asked: SentCode, code: str) -> str:
    """Keyed, so that the table alone doesn't give the code away."""
    return salted_hmac(
        "ostiary.mfa.sent_code", f"{asked.pk} {code}", algorithm="sha256"
    ).hexdigest()
