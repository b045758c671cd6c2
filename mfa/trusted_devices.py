"""Browsers in which the second factor is not asked for again for some days.

Who has just shown it may say so. The browser gets a signed cookie; a row holds the hash of what it
says, bound to the person's password and to the factors that they have, so that it ends with any
change of these (SECURITY D5). It stands for nothing else: a sign-in there is one by one factor, and
wherever two are wanted, both are asked for.
"""

from __future__ import annotations

import hashlib
import secrets
import uuid
from datetime import timedelta
from typing import Any

from django.core import signing
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext_lazy as _

from ostiary import cookies, events, factors, second_step
from ostiary.notices import Notice, register_notices
from ostiary.notifications import notify
from ostiary.operators import is_operator
from ostiary.risk import Decision
from ostiary.signals import password_changed, signin_completed
from ostiary.signin import PendingSignIn

from .conf import mfa_settings
from .enrolment import wants_two_factors
from .kinds import all_kinds
from .models import TrustedDevice

COOKIE = "trusted-device"
SALT = "ostiary_mfa.trusted_device"
MOST_PEOPLE = 5
"""So many people's trust one browser holds: the last ones'."""


def register() -> None:
    """Called once, when the app is ready."""
    second_step.register_waiver("trusted_device", may_go_without)
    password_changed.connect(_password_changed, dispatch_uid="ostiary_mfa.password_changed")
    signin_completed.connect(_signed_in, dispatch_uid="ostiary_mfa.trusted_device_used")
    events.register_kinds(
        {
            "trusted_device.added": _("Trusted device added"),
            "trusted_device.removed": _("Trusted device removed"),
        }
    )
    register_notices(
        {
            "device_trusted": Notice(
                _("A trusted device was added at %(site_name)s"),
                _(
                    "%(site_name)s won’t ask for two-step verification on this device for "
                    "%(days)s days. You can change this in your account, under Security."
                ),
                example={"days": "30"},
            )
        }
    )


# --- giving trust -------------------------------------------------------------------------------


def is_offered(user: Any) -> bool:
    """Whether the person may trust a device: never an operator (SECURITY G1)."""
    return mfa_settings.TRUSTED_DEVICE_DAYS > 0 and not is_operator(user)


def trust(request: HttpRequest, response: HttpResponse, user: Any) -> None:
    """Trust this browser, in which the person has just shown their second factor."""
    days = mfa_settings.TRUSTED_DEVICE_DAYS
    token = secrets.token_urlsafe(32)
    now = timezone.now()
    with transaction.atomic():
        if known := of_this_browser(request, user):
            known.delete()
        TrustedDevice.objects.create(
            user=user,
            token_hash=_hash(token),
            bound_to=_bound_to(user),
            user_agent=request.META.get("HTTP_USER_AGENT", "").replace("\x00", "")[:400],
            created_at=now,
            last_used_at=now,
            expires_at=now + timedelta(days=days),
        )
        events.record("trusted_device.added", user=user, request=request, details={"days": days})
        notify(user, "device_trusted", {"days": days}, request=request)
    tokens = {mark: said for mark, said in _told(request).items() if mark != _mark(user)}
    kept = dict([*tokens.items(), (_mark(user), token)][-MOST_PEOPLE:])
    cookies.give(response, COOKIE, signing.dumps(kept, salt=SALT), days * 24 * 3600)


def _told(request: HttpRequest) -> dict[str, str]:
    """What the cookie says: a token by a mark of each person."""
    try:
        told = signing.loads(request.COOKIES.get(cookies.name_of(COOKIE), ""), salt=SALT)
    except signing.BadSignature:
        return {}
    return dict(told)


def _mark(user: Any) -> str:
    """Stands for the person, whom the cookie doesn't name."""
    return salted_hmac(SALT, str(user.pk), algorithm="sha256").hexdigest()[:32]


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _bound_to(user: Any) -> str:
    """Changes with the person's password and with their factors, whichever app keeps these."""
    own = [
        device.persistent_id for kind in all_kinds() if kind.alone for device in kind.devices(user)
    ]
    with translation.override("en"):
        every = sorted(str(factor) for factor in factors.factors_of(user))
    value = "\n".join([str(user.password), *sorted(own), *every])
    return salted_hmac(SALT, value, algorithm="sha256").hexdigest()


# --- what it is worth ---------------------------------------------------------------------------


def of_this_browser(request: HttpRequest, user: Any) -> TrustedDevice | None:
    """The person's trust in this browser, ``None`` if there is none or something has changed."""
    token = _told(request).get(_mark(user))
    if not token:
        return None
    device = TrustedDevice.objects.filter(
        user=user, token_hash=_hash(token), expires_at__gt=timezone.now()
    ).first()
    if device is None or not constant_time_compare(device.bound_to, _bound_to(user)):
        return None
    return device


def may_go_without(request: HttpRequest, user: Any, pending: PendingSignIn) -> bool:
    """Whether this sign-in may do without the second factor: an ordinary one in a trusted browser.

    Never one for which two factors are wanted, that proves anew who is signed in already, or that
    looks unusual.
    """
    return (
        is_offered(user)
        and not request.user.is_authenticated
        and pending.assessment.decision is not Decision.STEP_UP
        and not wants_two_factors(pending)
        and of_this_browser(request, user) is not None
    )


def _signed_in(sender: Any, request: HttpRequest, user: Any, **_: Any) -> None:
    """Note that the trust was of use, for the list that the person sees."""
    if device := of_this_browser(request, user):
        TrustedDevice.objects.filter(pk=device.pk).update(last_used_at=timezone.now())


# --- the end of it ------------------------------------------------------------------------------


def devices_of(user: Any) -> list[TrustedDevice]:
    """Those that are trusted now, the last one first."""
    live = TrustedDevice.objects.filter(user=user, expires_at__gt=timezone.now())
    bound_to = _bound_to(user)
    return [device for device in live.order_by("-created_at") if device.bound_to == bound_to]


def end(request: HttpRequest, user: Any, pk: uuid.UUID | None = None) -> int:
    """End the trust in one of the person's devices, or in all; returns how many there were."""
    own = TrustedDevice.objects.filter(user=user)
    with transaction.atomic():
        ended, _ = (own if pk is None else own.filter(pk=pk)).delete()
        if ended:
            events.record(
                "trusted_device.removed", user=user, request=request, details={"devices": ended}
            )
    return ended


def forget(user: Any) -> None:
    """End all trust of the person, in the caller's transaction."""
    TrustedDevice.objects.filter(user=user).delete()


def _password_changed(sender: Any, user: Any, **_: Any) -> None:
    forget(user)
