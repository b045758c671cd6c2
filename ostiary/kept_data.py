"""What is kept of a person while they have the account, why, and until when (GDPR article 13), told
by each app for itself; what stays after they are erased is told by ``retention``."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Model
from django.urls import NoReverseMatch, reverse
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from .cleanup import SENT_MAIL_DAYS
from .models import SentMail

Tell = Callable[[Any], Iterable["KeptData"]]

_told: dict[str, int] = {}


@dataclass(frozen=True)
class KeptData:
    """A kind of data of theirs, in words for the person. ``page`` names where they see it."""

    what: str
    why: str
    until: str
    page: str = ""

    @property
    def url(self) -> str:
        """The address of the page, empty on a site that doesn't have it."""
        try:
            return reverse(self.page) if self.page else ""
        except NoReverseMatch:
            return ""


def register(dotted_path: str, order: int = 50) -> None:
    """Have ``dotted_path`` (a callable taking the user, which returns ``KeptData``) asked what an
    app keeps of a person."""
    _told[dotted_path] = order


def of(user: Any) -> list[KeptData]:
    """All of it, in order."""
    paths = sorted(_told, key=lambda path: (_told[path], path))
    return [each for path in paths for each in import_string(path)(user)]


def days(number: int) -> str:
    """Until when, for what is kept so long."""
    return ngettext("Kept for %(days)s day.", "Kept for %(days)s days.", number) % {"days": number}


def has(model: type[Model], user: Any) -> bool:
    """Whether there is a row of the person's."""
    return model._default_manager.filter(user=user).exists()


def own(user: Any) -> Iterable[KeptData]:
    """What the ground floor keeps, beside sessions and the log."""
    if has(SentMail, user):
        yield KeptData(
            _("That a message was sent to you"),
            _("To notice when messages don’t reach you any more. What it said is not kept."),
            days(SENT_MAIL_DAYS),
        )
