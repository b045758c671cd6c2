"""Django's tags ``translate``, ``static`` and ``url``, whose constant answers are kept.

A page of ours asks for some thirty words, files and addresses that are the same for everybody who
reads it in that language; to look all of them up again is a quarter of what the page costs. Have
the template engine take these instead of Django's, under the same names::

    TEMPLATES = [{"BACKEND": "ostiary.kept_tags.backend.KeepingTemplates", ...}]

Templates need no change. What has a variable, a filter or an argument in it is Django's as before,
and so is everything with ``DEBUG``, where translations change while the server runs.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any

from django.conf import settings
from django.core.signals import setting_changed
from django.template import Library, Node
from django.template.base import FilterExpression
from django.urls import get_script_prefix
from django.utils.translation import get_language

_kept: dict[Hashable, str] = {}


def _forget(**_: Any) -> None:
    _kept.clear()


setting_changed.connect(_forget)  # which only tests send


class KeptNode(Node):
    """Renders ``node`` once for each language, and whatever else it varies with."""

    child_nodelists = ()

    def __init__(
        self,
        node: Node,
        name: str | None,
        what: Hashable,
        varies: Callable[[Any], Hashable] = lambda context: None,
    ) -> None:
        """``name`` is that of the variable which gets the answer, if it has one."""
        self.node, self.name, self.varies = node, name, varies
        self.what = (type(node), what, name is None)

    def render(self, context: Any) -> str:
        """What ``node`` would render."""
        key = (
            self.what,
            get_language(),
            get_script_prefix(),
            context.autoescape,
            self.varies(context),
        )
        value = _kept.get(key)
        if value is None:
            value = self.node.render(context)
            if self.name is not None:
                value = context[self.name]
            _kept[key] = value
        if self.name is None:
            return value
        context[self.name] = value
        return ""


def constant(expression: FilterExpression | None) -> str | None:
    """The text of an expression that is a text and no more, else ``None``."""
    if expression is None or expression.filters:
        return None
    if isinstance(expression.var, str):
        return expression.var
    # A variable of Django's may be a literal itself; `_("…")` is one that varies with the language.
    literal = getattr(expression.var, "literal", None)
    return literal if isinstance(literal, str) and not expression.var.translate else None


def library_like(library: Library) -> Library:
    """A library with the tags and filters of ``library``, to replace some of them."""
    own = Library()
    own.tags.update(library.tags)
    own.filters.update(library.filters)
    return own


def is_off() -> bool:
    """Whether nothing is to be kept."""
    return bool(settings.DEBUG)
