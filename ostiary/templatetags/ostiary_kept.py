"""``{% kept %}…{% endkept %}``: a part of a page that is the same for all who read its language."""

from __future__ import annotations

from typing import Any

from django.template import Library, Node, NodeList

from ..kept_tags import KeptNode, is_off

register = Library()


class Part(Node):
    """What stands between two tags."""

    def __init__(self, nodelist: NodeList) -> None:
        self.nodelist = nodelist

    def render(self, context: Any) -> str:
        """All of it."""
        rendered: str = self.nodelist.render(context)
        return rendered


@register.tag
def kept(parser: Any, token: Any) -> Node:
    """The part is rendered once for each language, with what the first request has: nothing in it
    may depend on the request, the person or the page."""
    part = Part(parser.parse(["endkept"]))
    parser.delete_first_token()
    # (`object()` is no other part's, of whatever template.)
    return part if is_off() else KeptNode(part, None, object())
