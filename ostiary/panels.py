"""The parts of a page of the account that each app brings: its ways of signing in, its data.

An app registers its panels in ``AppConfig.ready``. So the page shows what is installed, and nothing
of what is not.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest

SECURITY, PRIVACY = "security", "privacy"
"""The pages that have panels: ``/account/security/`` and ``/account/privacy/``."""

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


_panels: dict[str, dict[str, Panel]] = {}


def register_panel(page: str, name: str, panel: Panel) -> None:
    """Show ``panel`` on ``page``; ``name`` is the panel's own, so that another may replace it."""
    _panels.setdefault(page, {})[name] = panel


def shown(page: str, request: HttpRequest) -> list[dict[str, Any]]:
    """The templates of ``page`` for this person, in order, each with what it is told."""
    found = sorted(_panels.get(page, {}).items(), key=lambda entry: (entry[1].order, entry[0]))
    told = ((panel.template, panel.told(request)) for _, panel in found)
    return [{"template": template, "panel": panel} for template, panel in told if panel is not None]
