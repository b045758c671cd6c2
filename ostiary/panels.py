"""The parts of a page of the account that each app brings: its ways of signing in, its data.

An app registers its panels in ``AppConfig.ready``. So the page shows what is installed, and nothing
of what is not.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest

OVERVIEW, SECURITY, PRIVACY = "overview", "security", "privacy"
"""The pages that have panels: ``/account/``, ``/account/security/``, ``/account/privacy/``."""

Told = Callable[[HttpRequest], dict[str, Any] | None]


@dataclass(frozen=True)
class Panel:
    """A part of a page: a template with a heading of the second level.

    ``told`` returns what the template finds as ``panel``, or ``None`` for somebody to whom it
    isn't shown. The lowest ``order`` stands first.
    """

    template: str
    told: Told
    order: int = 50


@dataclass(frozen=True)
class Card:
    """A method of signing in, as its owner sees it: what it is, how it stands, one thing to do.

    ``icon`` is what its class says after ``icon-``. ``state`` is a few words, and ``about`` a
    sentence. ``action`` names where ``url`` leads; a card with a ``template`` opens in place
    instead, and ``is_open`` has it open when the page comes.
    """

    icon: str
    name: Any
    state: Any
    action: Any
    url: str = ""
    about: Any = ""
    is_on: bool = False
    template: str = ""
    is_open: bool = False


CardTold = Callable[[HttpRequest], Card | None]

_panels: dict[str, dict[str, Panel]] = {}
_cards: dict[str, tuple[int, CardTold]] = {}


def register_panel(page: str, name: str, panel: Panel) -> None:
    """Show ``panel`` on ``page``; ``name`` is the panel's own, so that another may replace it."""
    _panels.setdefault(page, {})[name] = panel


def shown(page: str, request: HttpRequest) -> list[dict[str, Any]]:
    """The templates of ``page`` for this person, in order, each with what it is told."""
    found = sorted(_panels.get(page, {}).items(), key=lambda entry: (entry[1].order, entry[0]))
    told = ((panel.template, panel.told(request)) for _, panel in found)
    return [{"template": template, "panel": panel} for template, panel in told if panel is not None]


def register_card(name: str, told: CardTold, order: int = 50) -> None:
    """Show a card among the ways to sign in; ``told`` returns it, ``None`` for somebody to whom it
    isn't shown. ``name`` is the card's own, and the lowest ``order`` stands first."""
    _cards[name] = (order, told)


def cards(request: HttpRequest) -> list[Card]:
    """The ways to sign in that there are for this person, in order."""
    found = sorted(_cards.items(), key=lambda entry: (entry[1][0], entry[0]))
    told = (told(request) for _, (_, told) in found)
    return [card for card in told if card is not None]
