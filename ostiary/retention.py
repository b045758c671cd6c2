"""What of a person stays when they are erased, why, and until when (GDPR article 17(3)).

A rule of ``RETENTION_RULES`` is a callable ``rule(user)`` that returns what its project keeps of
the person. One that says ``holds`` is a legal hold: nothing at all is erased as long as it says so.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _

from .conf import ostiary_settings

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Kept:
    """Something that stays, in words for the person; they stand in the receipt, and hold nothing
    personal.

    ``until`` is the day on which it goes, ``None`` for one that can't be named.
    """

    what: Any
    why: Any
    until: date | None = None
    holds: bool = False

    def as_claims(self) -> dict[str, Any]:
        """As it stands in the receipt."""
        return {
            "what": str(self.what),
            "why": str(self.why),
            "until": self.until.isoformat() if self.until else None,
        }


ALWAYS = (
    Kept(
        _("The record that an account was deleted, and its activity, without your name"),
        _(
            "The security log must stay complete to be trustworthy. Your data in it can’t be read "
            "or linked to you any more."
        ),
    ),
    Kept(
        _("A keyed hash of your account ID and email addresses"),
        _("To prevent a backup or an import from restoring your account."),
    ),
)
"""What every erasure leaves."""


UNTOLD = Kept(
    _("Possibly more"),
    _("We can’t check right now what else we have to keep."),
    holds=True,
)
"""For a rule that fails."""


def kept_of(user: Any) -> list[Kept]:
    """What stays of the person, and what holds their erasure up."""
    return [*ALWAYS, *_asked(user)]


def told_to(user: Any) -> list[Kept]:
    """The same for a page, which is shown also where a rule fails: such a one holds."""
    try:
        return kept_of(user)
    except Exception:
        log.exception("A rule of RETENTION_RULES failed")
        return [*ALWAYS, UNTOLD]


def holds_on(user: Any) -> list[Kept]:
    """The legal holds on the person: as long as there is one, nothing is erased."""
    return [kept for kept in _asked(user) if kept.holds]


def _asked(user: Any) -> Iterable[Kept]:
    for path in ostiary_settings.RETENTION_RULES:
        yield from import_string(path)(user)
