"""Which device of django-otp verified a session: what ``request.user.is_verified()`` asks for."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable
from typing import Any

import django_otp
from django.contrib.auth.signals import user_logged_in
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject
from django_otp.models import Device

from ostiary import assurance, sessions
from ostiary.assurance import Level, level_of
from ostiary.signals import signin_completed
from ostiary.signin import PendingSignIn
from ostiary.signin import pending as pending_signin

SESSION_KEY = "ostiary_mfa.device"


def remember(request: HttpRequest, device: Device) -> None:
    """Note in the pending sign-in, and in no other of this browser, what verified it (SECURITY
    H7)."""
    found = pending_signin(request)
    if found is not None:
        request.session[SESSION_KEY] = {**_identity(found[0]), "device": device.persistent_id}


def verify(request: HttpRequest, device: Device) -> None:
    """Raise the signed-in session, whose person has just shown ``device``, under a new key."""
    known = assurance.current(request)
    sessions.start(request, request.user, [*(known.amr if known else ()), device.amr])
    django_otp.login(request, device)


class ShownKey:
    """Stands where django-otp has the device that verified a session, for a passkey: that is a row
    of another app, and no device. Nothing is kept of it."""

    persistent_id = ""
    confirmed = True

    def __init__(self, user: Any) -> None:
        self.user, self.user_id = user, user.pk


def know_key(request: HttpRequest) -> None:
    """Have django-otp take for verified who showed what resists phishing: no device of ours does,
    so the key was another app's."""
    known: Any = SimpleLazyObject(functools.partial(_known, request, request.user))
    request.user = known
    if hasattr(request, "auser"):
        request.auser = functools.partial(_aknown, request, request.auser)


def _known(request: HttpRequest, user: Any) -> Any:
    if user.is_authenticated:
        _mark(user, request.session.get(assurance.SESSION_KEY, {}))
    return user


async def _aknown(request: HttpRequest, auser: Callable[[], Awaitable[Any]]) -> Any:
    user = await auser()
    if user.is_authenticated:
        _mark(user, await request.session.aget(assurance.SESSION_KEY, {}))
    return user


def _mark(user: Any, stored: dict[str, Any]) -> None:
    if user.otp_device is None and level_of(stored.get("amr", ())) is Level.AAL2_PHR:
        user.otp_device = ShownKey(user)


def connect() -> None:
    """Listen for sign-ins (called once, when the app is ready)."""
    signin_completed.connect(_completed, dispatch_uid="ostiary_mfa.signin_completed")
    user_logged_in.connect(_logged_in, dispatch_uid="ostiary_mfa.logged_in")


def _completed(sender: Any, request: HttpRequest, pending: PendingSignIn, **_: Any) -> None:
    kept = request.session.pop(SESSION_KEY, {})
    device = Device.from_persistent_id(kept.pop("device", ""))
    if device is not None and kept == _identity(pending):
        django_otp.login(request, device)


def _logged_in(sender: Any, request: HttpRequest | None, user: Any, **_: Any) -> None:
    """A password that is shown once more to Django's ``LoginView`` verifies nobody anew."""
    if request is not None and getattr(user, "otp_device", None) is None:
        request.session.pop(django_otp.DEVICE_ID_SESSION_KEY, None)


def _identity(pending: PendingSignIn) -> dict[str, Any]:
    return {"user_id": pending.user_id, "started_at": pending.started_at}
