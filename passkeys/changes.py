"""What happens with every change of a person's passkeys: it is logged, and they are told."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.db import transaction
from django.http import HttpRequest
from django.utils.translation import gettext as _

from ostiary import events
from ostiary.notifications import notify

from . import authenticators
from .models import Credential
from .verification import CeremonyRefused

MISUSE = {
    "backup_eligibility": ("passkey.eligibility_changed", "passkey_changed"),
    "counter": ("passkey.counter_went_back", "passkey_copied"),
    "origin": ("passkey.used_elsewhere", "passkey_used_elsewhere"),
    "rp_id": ("passkey.used_elsewhere", "passkey_used_elsewhere"),
}
"""The event and the notice of what a passkey may have signed only if somebody misuses it, by the
code of the refusal; the ceremony looks at these things after the signature."""


class LastWayIn(Exception):
    """Without this passkey the person could not sign in any more."""


def name_for(user: Any, aaguid: bytes) -> str:
    """What to call a new passkey: what its authenticator is known as, told apart by a number."""
    name = authenticators.name_of(aaguid) or _("Passkey")
    taken = set(Credential.objects.filter(user=user).values_list("name", flat=True))
    names = (name if number == 1 else f"{name} {number}" for number in range(1, len(taken) + 2))
    return next(name for name in names if name not in taken)


def added(request: HttpRequest, credential: Credential) -> None:
    """The passkey can be used from now on; in the caller's transaction."""
    events.record(
        "passkey.added",
        user=credential.user,
        request=request,
        details={"aaguid": str(credential.aaguid), "synced": credential.backup_eligible},
    )
    notify(credential.user, "passkey_added", {"passkey": credential.name}, request=request)


def rename(request: HttpRequest, credential: Credential, name: str) -> None:
    """Give it another name."""
    with transaction.atomic():
        Credential.objects.filter(pk=credential.pk).update(name=name)
        events.record("passkey.renamed", user=credential.user, request=request)


def is_last_way_in(credential: Credential) -> bool:
    """Whether the person has no password and no other passkey (SECURITY E3)."""
    user: Any = credential.user
    others = Credential.objects.filter(user=user).exclude(pk=credential.pk)
    return not user.has_usable_password() and not others.exists()


def remove(request: HttpRequest, credential: Credential) -> bool:
    """Remove it; ``False`` if it was gone already. Raises ``LastWayIn``.

    The person is locked, so that of two removals at once one sees the other.
    """
    with transaction.atomic():
        get_user_model()._base_manager.select_for_update().get(pk=credential.user_id)
        if is_last_way_in(credential):
            raise LastWayIn
        deleted, _ = Credential.objects.filter(pk=credential.pk).delete()
        if not deleted:
            return False
        events.record("passkey.removed", user=credential.user, request=request)
        notify(credential.user, "passkey_removed", {"passkey": credential.name}, request=request)
    return True


def counter_noted(request: HttpRequest, credential: Credential) -> None:
    """Log that a synced passkey was taken whose counter did not go up."""
    events.record(
        "passkey.counter_stood_still",
        user=credential.user,
        request=request,
        details={"aaguid": str(credential.aaguid)},
    )


@transaction.atomic
def refused(request: HttpRequest, refusal: CeremonyRefused, user: Any = None) -> None:
    """Log an answer that wasn't taken, with the person if they or the passkey are known.

    The person is told of one that their passkey has signed and that it should never have given.
    """
    credential = refusal.credential
    kind, notice = MISUSE.get(refusal.code if credential else "", ("passkey.refused", ""))
    events.record(
        kind,
        user=user if credential is None else credential.user,
        request=request,
        outcome="failure",
        details={"code": refusal.code},
    )
    if notice:
        notify(credential.user, notice, {"passkey": credential.name}, request=request)
