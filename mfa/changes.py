"""What happens with every change of a person's second factors: it is logged, and they are told."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.http import HttpRequest

from ostiary import events, factors
from ostiary.notifications import notify

from .kinds import Kind, all_kinds
from .models import FactorDevice


def added(request: HttpRequest, user: Any, kind: Kind) -> None:
    """A device of this kind counts from now on; in the caller's transaction."""
    events.record("factor.added", user=user, request=request, details={"factor": kind.name})
    notify(user, "factor_added", {"factor": kind.label}, request=request)


def remove(request: HttpRequest, device: FactorDevice, kind: Kind) -> bool:
    """Remove a device; ``False`` if it was gone already.

    What doesn't stand alone, such as recovery codes, goes with the last factor.
    """
    user = device.user
    with transaction.atomic():
        deleted, _ = type(device)._default_manager.filter(pk=device.pk).delete()
        if not deleted:
            return False
        if not factors.factors_of(user):
            for other in all_kinds():
                other.model._default_manager.filter(user=user).delete()
        events.record("factor.removed", user=user, request=request, details={"factor": kind.name})
        notify(user, "factor_removed", {"factor": kind.label}, request=request)
    return True


def rename(request: HttpRequest, device: FactorDevice, name: str, kind: Kind) -> None:
    """Give a device another name."""
    with transaction.atomic():
        type(device)._default_manager.filter(pk=device.pk).update(name=name)
        events.record(
            "factor.renamed", user=device.user, request=request, details={"factor": kind.name}
        )
