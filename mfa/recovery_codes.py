"""Recovery codes: the way in for who has lost the device that their second factor is on."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.db import transaction
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from ostiary import events, factors, second_step
from ostiary.notices import Notice, register_notices
from ostiary.notifications import notify

from . import kinds
from .guessing import guess
from .models import RecoveryCodes
from .models.recovery_code import CODE_LENGTH, HOW_MANY

FEW = 3
"""Of fewer than so many the person is warned."""


def codes_of(user: Any) -> RecoveryCodes | None:
    """The person's set, ``None`` if they have made none."""
    found: RecoveryCodes | None = RecoveryCodes._default_manager.filter(user=user).first()
    return found


def left(user: Any) -> int:
    """How many codes the person has left."""
    codes = codes_of(user)
    return codes.left() if codes else 0


def length(user: Any) -> int | None:
    """How many characters the person's codes have, ``None`` for those that were taken over from
    another system."""
    codes = codes_of(user)
    return CODE_LENGTH if codes and not codes.name else None


def _told(user: Any) -> str:
    """How many codes are left, of the ten of a set that was made here."""
    codes = codes_of(user)
    number = codes.left() if codes else 0
    if codes and codes.name:
        text = ngettext("%(left)d code left", "%(left)d codes left", number)
    else:
        text = ngettext("%(left)d of %(all)d codes left", "%(left)d of %(all)d codes left", number)
    told = text % {"left": number, "all": HOW_MANY}
    return _("%(told)s. Create new codes.") % {"told": told} if number < FEW else told


KIND = kinds.Kind(
    name="recovery_code",
    label=_("Backup codes"),
    about=_("Get in when you lose your phone. Each code works once."),
    url_name="ostiary_mfa:recovery_codes",
    model=RecoveryCodes,
    icon="list",
    action=_("Create codes"),
    order=90,
    alone=False,
    is_offered=lambda request, user: bool(factors.factors_of(user)),
    told=_told,
)


def register() -> None:
    """Called once, when the app is ready."""
    kinds.register(KIND)
    label = _("Backup code")
    second_step.register(
        second_step.Challenge(
            KIND.name,
            label,
            "ostiary_mfa:recovery_code_challenge",
            offered_to=lambda request, user: bool(left(user)),
            order=40,
        )
    )
    factors.register_other_way("ostiary_mfa:recovery_code_challenge", label)
    events.register_kinds(
        {
            "recovery_codes.made": _("New backup codes created"),
            "recovery_code.used": _("Backup code used"),
        }
    )
    register_notices(
        {
            "recovery_codes_made": Notice(
                _("New backup codes for %(site_name)s"),
                _(
                    "New backup codes were created for your account at %(site_name)s. Your earlier "
                    "codes no longer work."
                ),
            ),
            "recovery_code_used": Notice(
                _("A backup code for %(site_name)s was used"),
                _(
                    "A backup code was used to sign in to your account at %(site_name)s. Codes "
                    "left: %(left)s."
                ),
                example={"left": "9"},
            ),
        }
    )


def make(request: HttpRequest, user: Any) -> list[str]:
    """A new set in place of the one that the person has; returns the codes, for the only time.

    The person is locked, so that of two at once the last holds.
    """
    with transaction.atomic():
        get_user_model()._default_manager.select_for_update().get(pk=user.pk)
        made = RecoveryCodes.replace(user)
        events.record("recovery_codes.made", user=user, request=request)
        notify(user, "recovery_codes_made", request=request)
    return made


def use(request: HttpRequest, user: Any, code: str) -> RecoveryCodes | None:
    """Use one up: the person's set if it was one of its codes. Raises ``Throttled``."""
    codes = codes_of(user)
    if codes is None or not guess(user, lambda: _use(request, codes, code), request):
        return None
    return codes


def _use(request: HttpRequest, codes: RecoveryCodes, code: str) -> bool:
    with transaction.atomic():
        if not codes.accepts(code):
            return False
        remaining = codes.left()
        user = codes.user
        events.record("recovery_code.used", user=user, request=request, details={"left": remaining})
        notify(user, "recovery_code_used", {"left": remaining}, request=request)
    return True
