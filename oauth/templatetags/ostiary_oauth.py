"""How pages show what applications say of themselves."""

from __future__ import annotations

from django.template import Library
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = Library()


@register.filter
def isolated(name: object) -> SafeString:
    """A name that somebody else has chosen, so that the direction in which it is read is its own
    and the words around it keep theirs (``<bdi>``)."""
    return format_html("<bdi>{}</bdi>", str(name))
