"""The kinds of second factors that this app keeps: what the panel lists, and what others ask for.

Each kind registers itself once, when the app is ready; the list is all that the rest knows of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from ostiary import factors
from ostiary.operators import is_operator

from .models import FactorDevice, RemovedPhone, TrustedDevice

SET_UP = _("Set up")


def _always(request: HttpRequest, user: Any) -> bool:
    return True


@dataclass(frozen=True)
class Kind:
    """A kind of second factor, with the page where one is set up and looked after.

    The least ``order`` is recommended first. Of one with ``alone=False``, such as recovery codes,
    there is none without another factor; one with ``raises=False`` makes no two factors (AAL2) of
    a sign-in. ``icon``, ``about`` and ``action`` are of its card while it isn't set up; ``told``
    returns what the card of one that is says in place of "On".
    """

    name: str
    label: Any
    about: Any
    url_name: str
    model: type[FactorDevice]
    icon: str
    action: Any = SET_UP
    order: int = 50
    alone: bool = True
    raises: bool = True
    is_offered: factors.Offered = _always
    told: Callable[[Any], str] | None = None

    def devices(self, user: Any) -> list[Any]:
        """The person's, oldest first; those that aren't confirmed don't count."""
        own = self.model._default_manager.filter(user=user, confirmed=True)
        return list(own.order_by("created_at", "pk"))


_kinds: dict[str, Kind] = {}


def register(kind: Kind) -> None:
    """Have the kind listed, asked for, and set up by who has to have a factor. One that doesn't
    make two factors of a sign-in is for nobody who needs those: neither an operator nor who has it
    already."""
    _kinds[kind.name] = kind

    def is_offered(request: HttpRequest, user: Any) -> bool:
        is_enough = kind.raises or not (is_operator(user) or kind.devices(user))
        return is_enough and kind.is_offered(request, user)

    if kind.alone:
        factors.register_set_up(kind.url_name, kind.label, kind.order, is_offered)


def all_kinds() -> list[Kind]:
    """Every kind, the one to recommend first."""
    return sorted(_kinds.values(), key=lambda kind: (kind.order, kind.name))


class Keeper:
    """What the house asks of us (``ostiary.factors``)."""

    def factors_of(self, user: Any) -> list[str]:
        """The kinds that the person must show one of, by their labels; with the name of a device
        where it has one."""
        return [
            f"{kind.label}: {device.name}" if device.name else str(kind.label)
            for kind in all_kinds()
            if kind.alone
            for device in kind.devices(user)
        ]

    def has_strong(self, user: Any) -> bool:
        """Whether one of these makes two factors of a sign-in."""
        strong = (kind for kind in all_kinds() if kind.alone and kind.raises)
        return any(kind.devices(user) for kind in strong)

    def each_of(self, user: Any) -> list[factors.Factor]:
        """Every device, recovery codes too."""
        return [
            factors.Factor(
                key=f"{kind.name}:{device.pk}",
                kind=str(kind.label),
                name=device.name,
                added=device.created_at,
                last_used=device.last_used_at,
            )
            for kind in all_kinds()
            for device in kind.devices(user)
        ]

    def take(self, user: Any, key: str) -> bool:
        """Remove the device; ``False`` if it was gone already."""
        name, _, pk = key.partition(":")
        own = _kinds[name].model._default_manager.filter(user=user, pk=pk)
        return bool(own.delete()[0])

    def reset(self, user: Any) -> None:
        """Remove all of them, in the caller's transaction."""
        for kind in all_kinds():
            kind.model._default_manager.filter(user=user).delete()
        TrustedDevice.objects.filter(user=user).delete()
        # Whoever set this off has waited already, or was checked by operators.
        RemovedPhone.objects.filter(user=user).delete()
