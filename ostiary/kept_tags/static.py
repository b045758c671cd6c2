"""In the place of Django's ``static``: the address of a file is found once."""

from __future__ import annotations

from typing import Any

from django.template import Node
from django.templatetags import static

from . import KeptNode, constant, is_off, library_like

register = library_like(static.register)


@register.tag("static")
def address(parser: Any, token: Any) -> Node:
    """``{% static "…" %}``, with ``as`` too."""
    node = static.do_static(parser, token)
    path = constant(node.path)
    return node if path is None or is_off() else KeptNode(node, node.varname, path)
