"""In the place of Django's ``i18n``: constant words are looked up once in each language."""

from __future__ import annotations

from typing import Any

from django.template import Node
from django.template.base import TokenType
from django.templatetags import i18n

from . import KeptNode, constant, is_off, library_like

register = library_like(i18n.register)


@register.tag("translate")
@register.tag("trans")
def translate(parser: Any, token: Any) -> Node:
    """``{% translate "…" %}``, with ``context`` and ``as`` too."""
    node = i18n.do_translate(parser, token)
    said, context = constant(node.filter_expression), constant(node.message_context)
    varies = said is None or (node.message_context is not None and context is None)
    if varies or node.noop or is_off():
        return node
    return KeptNode(node, node.asvar, (said, context))


@register.tag("blocktranslate")
@register.tag("blocktrans")
def blocktranslate(parser: Any, token: Any) -> Node:
    """``{% blocktranslate %}…{% endblocktranslate %}`` around what has no variable."""
    node = i18n.do_block_translate(parser, token)
    varies = (
        node.countervar
        or node.extra_context
        or node.message_context
        or any(part.token_type is not TokenType.TEXT for part in node.singular)
    )
    if varies or is_off():
        return node
    said = "".join(part.contents for part in node.singular)
    return KeptNode(node, node.asvar, (said, node.trimmed))
