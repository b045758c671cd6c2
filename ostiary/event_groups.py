"""Groups of security events, as people look for them among their own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from . import events


@dataclass(frozen=True)
class EventGroup:
    """``name`` stands in addresses, ``icon`` is one of the theme's."""

    name: str
    label: Any
    icon: str


SIGN_INS = EventGroup("sign-ins", _("Sign-ins"), "enter")
SECURITY = EventGroup("security", _("Security changes"), "shield")
APPLICATIONS = EventGroup("applications", _("Applications"), "grid")
PRIVACY = EventGroup("privacy", _("Profile and privacy"), "person")
GROUPS = {group.name: group for group in (SIGN_INS, SECURITY, APPLICATIONS, PRIVACY)}

_groups: dict[str, EventGroup] = {}


def register(group: EventGroup, *kinds: str) -> None:
    """Put ``kinds`` into ``group``: a whole kind, or all that begin with one that ends in a dot."""
    _groups.update(dict.fromkeys(kinds, group))


def of(kind: str) -> EventGroup:
    """The group of a kind; one that nobody has put anywhere is about security."""
    return _groups.get(kind) or _groups.get(f"{kind.partition('.')[0]}.") or SECURITY


def kinds_of(group: EventGroup) -> list[str]:
    """Every declared kind that is in ``group``."""
    return [kind for kind in events.kinds() if of(kind) is group]
