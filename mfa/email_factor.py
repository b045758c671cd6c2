"""Codes by email as a second factor, where the operator wants them: the least there is.

A code of the mailbox shows that whoever has the password reads the mail too. It makes no two
factors of a sign-in: ``amr`` says ``email``, and the level stays.
"""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from ostiary import events, factors, mail, second_step
from ostiary.device import describe
from ostiary.notifications import addresses_of, language_of
from ostiary.operators import is_operator
from ostiary.signin import PendingSignIn
from ostiary.throttling import throttle

from . import changes, kinds, sent_code
from .conf import mfa_settings
from .models import EmailDevice, SentCode

CHANNEL = SentCode.Channel.EMAIL

KIND = kinds.Kind(
    name="email",
    label=_("Email code"),
    about=_("We email you a code. This is the weakest method: choose another if you can."),
    url_name="ostiary_mfa:email_code",
    model=EmailDevice,
    icon="mail",
    order=70,
    raises=False,
    is_offered=lambda request, user: is_for(request, user),
)
BETTER = frozenset({"passkey", "app", "sms"})


def is_for(request: HttpRequest, user: Any) -> bool:
    """Whether the person may set it up: the operator lets them, and they have nothing better.

    Who has set it up keeps it when the operator changes their mind. Operators themselves need two
    factors (SECURITY G1), which this doesn't make.
    """
    ways = second_step.offered(request, user)
    return (
        mfa_settings.EMAIL_CODES
        and not is_operator(user)
        and bool(addresses_of(user))
        and not any(way.name in BETTER for way in ways)
    )


def _offered_to(request: HttpRequest, user: Any) -> bool:
    return bool(KIND.devices(user) and addresses_of(user))


def _adds_nothing(request: HttpRequest, user: Any, pending: PendingSignIn) -> bool:
    """The mailbox was the first factor already, and there is no other second one."""
    return (
        EmailDevice.amr in pending.amr
        and bool(KIND.devices(user))
        and len(factors.factors_of(user)) == 1
    )


def register() -> None:
    """Called once, when the app is ready."""
    kinds.register(KIND)
    second_step.register(
        second_step.Challenge(
            KIND.name,
            KIND.label,
            "ostiary_mfa:email_challenge",
            offered_to=_offered_to,
            order=70,
            yields_to=BETTER,
        )
    )
    events.register_kinds({"email_code.sent": _("A two-step verification code was sent by email")})
    second_step.register_waiver(KIND.name, _adds_nothing)


def send_code(request: HttpRequest, user: Any, purpose: str) -> SentCode:
    """Mail a code to be entered in this browser; one sent before no longer counts.

    Raises ``Throttled``; call it outside ``transaction.atomic``.
    """
    sent_code.pause(request, str(user.pk))
    throttle("email_code", session=sent_code.session_of(request), user=str(user.pk))
    code = sent_code.new_code()
    context = {"code": code, "device": describe(request.META.get("HTTP_USER_AGENT", ""))}
    with transaction.atomic():
        for address in addresses_of(user):
            mail.send_email(
                address,
                "ostiary_mfa/mail/email_code",
                context,
                language=language_of(user),
                urgent=True,
            )
        events.record("email_code.sent", user=user, request=request)
        return sent_code.write(request, user, code, channel=CHANNEL, purpose=purpose)


def confirm(request: HttpRequest, user: Any) -> EmailDevice:
    """Have it count from now on."""
    with transaction.atomic():
        device: EmailDevice
        device, is_new = EmailDevice._default_manager.get_or_create(
            user=user, defaults={"confirmed": True}
        )
        if is_new:
            changes.added(request, user, KIND)
    return device
