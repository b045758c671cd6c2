"""In the place of Django's ``url``: the address of a page without arguments is found once."""

from __future__ import annotations

from typing import Any

from django.template import Library, Node
from django.template.defaulttags import url as djangos
from django.urls import get_urlconf

from . import KeptNode, constant, is_off

register = Library()


def _where(context: Any) -> tuple[Any, Any]:
    """What Django goes by beside the name: the project's addresses, and the app that asks."""
    request = getattr(context, "request", None)
    match = getattr(request, "resolver_match", None)
    app = getattr(request, "current_app", None) or getattr(match, "namespace", None)
    return get_urlconf(), app


@register.tag("url")
def address(parser: Any, token: Any) -> Node:
    """``{% url "…" %}``, with ``as`` too."""
    node = djangos(parser, token)
    name = constant(node.view_name)
    if name is None or node.args or node.kwargs or is_off():
        return node
    return KeptNode(node, node.asvar, name, _where)
