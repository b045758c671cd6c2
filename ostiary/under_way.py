"""What is under way with a person's account, in plain sight on every page of it: that it is to be
erased, a recovery, another address. Each with the way to stop it.

An app registers a *watch* in ``AppConfig.ready``. However many there are, a page on which nothing
is under way costs one statement, which asks for all of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import Exists, QuerySet
from django.http import HttpRequest

KEPT = "ostiary_under_way"
"""The attribute of a request that keeps what was found."""


@dataclass(frozen=True)
class UnderWay:
    """What happens, what comes of it, and a form that stops it: the words of its button and where
    it is sent; both empty for what can't be stopped any more."""

    title: str
    text: str = ""
    stop: str = ""
    stop_url: str = ""


@dataclass(frozen=True)
class Watch:
    """``rows`` returns the rows that tell of it, for a person, unread; ``told`` is asked only where
    there are any, and may still return ``None``. The least ``order`` stands first."""

    rows: Callable[[Any], QuerySet[Any]]
    told: Callable[[Any], UnderWay | None]
    order: int = 50


_watches: dict[str, Watch] = {}


def register(name: str, watch: Watch) -> None:
    """Have ``watch`` asked; ``name`` is its own, so that another may replace it."""
    _watches[name] = watch


def of(request: HttpRequest) -> list[UnderWay]:
    """All that is under way with the account of who is signed in, asked once for each request."""
    if not request.user.is_authenticated or not _watches:
        return []
    found: list[UnderWay] | None = getattr(request, KEPT, None)
    if found is None:
        found = _found(request.user)
        setattr(request, KEPT, found)
    return found


def _found(user: Any) -> list[UnderWay]:
    watches = sorted(_watches.values(), key=lambda watch: watch.order)
    asked = get_user_model()._default_manager.filter(pk=user.pk)
    there = asked.values_list(*(Exists(watch.rows(user)) for watch in watches)).first() or ()
    told = [watch.told(user) for watch, is_there in zip(watches, there, strict=False) if is_there]
    return [each for each in told if each is not None]
