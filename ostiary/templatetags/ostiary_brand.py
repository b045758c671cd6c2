"""Tags of the site's look, for the base of its pages."""

from __future__ import annotations

from typing import NamedTuple

from django.db import DatabaseError
from django.template import Context, Library
from django.utils.html import format_html
from django.utils.translation import gettext as _

from .. import application_ahead, branding
from ..application_ahead import Application

register = Library()


class Link(NamedTuple):
    """Where people are led, and by which words."""

    label: str
    url: str


@register.simple_tag(takes_context=True)
def brand_styles(context: Context) -> str:
    """The stylesheet of the accent colour: of the application that the page is for, if it has one
    of its own there, else of the site."""
    brand, application = _brand(context), _application(context)
    colour = (application and application.accent) or (brand and brand.accent) or ""
    address = branding.stylesheet_url(colour)
    return format_html('<link rel="stylesheet" href="{}">', address) if address else ""


@register.simple_tag(takes_context=True)
def site_links(context: Context) -> list[Link]:
    """Terms, privacy policy and help, as far as the site or the application has them."""
    brand, application = _brand(context), _application(context)
    if brand is None:
        return []
    links = [
        Link(_("Terms"), (application and application.terms_url) or brand.terms_url),
        Link(_("Privacy policy"), (application and application.privacy_url) or brand.privacy_url),
        Link(_("Help"), brand.help_url),
    ]
    return [link for link in links if link.url]


def _brand(context: Context) -> branding.Brand | None:
    """``None`` where the page is made without a request, as that of an outage is: nothing is asked
    of the database then."""
    return branding.current() if context.get("request") is not None else None


def _application(context: Context) -> Application | None:
    """That of the page itself, or else the one that its sign-in leads to."""
    given, request = context.get("application"), context.get("request")
    if isinstance(given, Application):
        return given
    if request is None or not hasattr(request, "session"):
        return None
    try:
        next_url = str(context.get("next") or request.GET.get("next", ""))
        next_url = next_url or application_ahead.pending_next_url(request)
        return application_ahead.find(request, next_url) if next_url else None
    except DatabaseError:
        return None
