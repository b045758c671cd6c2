"""Passkeys as second factors: what the gate of the second step and the way back in ask of us."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext

from ostiary import factors

from .models import Credential


class Keeper:
    """What the house asks of an app that keeps factors (``ostiary.factors``)."""

    def factors_of(self, user: Any) -> list[str]:
        """The names of the person's passkeys."""
        return list(Credential.objects.filter(user=user).values_list("name", flat=True))

    def has_strong(self, user: Any) -> bool:
        """Whether they have any: beside a password each makes two factors."""
        return owns_passkey(user)

    def each_of(self, user: Any) -> list[factors.Factor]:
        """Every passkey."""
        return [
            factors.Factor(
                key=str(credential.pk),
                kind=gettext("Passkey"),
                name=credential.name,
                added=credential.created_at,
                last_used=credential.last_used_at,
                event="passkey.removed",
            )
            for credential in Credential.objects.filter(user=user)
        ]

    def take(self, user: Any, key: str) -> bool:
        """Remove one, be it their last way in or not; ``False`` if it was gone already."""
        return bool(Credential.objects.filter(user=user, pk=key).delete()[0])

    def reset(self, user: Any) -> None:
        """Remove all of them, in the caller's transaction."""
        Credential.objects.filter(user=user).delete()


def owns_passkey(user: Any) -> bool:
    """Whether the person has a passkey."""
    return Credential.objects.filter(user=user).exists()


def has_passkey(request: HttpRequest, user: Any) -> bool:
    """Whether the person can answer by a passkey."""
    return owns_passkey(user)
